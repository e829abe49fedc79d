// The parser that finds the command.
import {
	type Application,
	buildApplication,
	buildRouteMap,
	type CommandContext,
	type RouteMap,
	text_en,
} from "@stricli/core";
import { resultsAreSeen } from "../report/terminal.ts";
import { nearest } from "../values/nearest.ts";
import { VERSION } from "../values/version.ts";
import { COMMANDS, GROUPS, loaded } from "./commands.ts";
import { rootHelp } from "./help.ts";
import { flagsIn, isLost, type Route, routeOf } from "./route.ts";
import { asksForHelp } from "./typed.ts";
import { unknownCommand } from "./unknown-command.ts";
import { usageError } from "./usage-words.ts";

const BRIEF = "Declarative backup and restore for Linux services";
const DESCRIPTION = [
	"Declare the state a service owns once; back it up with any engine; restore one service with one command.",
	"",
	"A state is what a service owns: folders and databases. `--service` names one. A provider is an engine with its settings,",
	"a destination is a place that it writes to, and an archive is what one run has written there. More words:",
	"docs/reference/words.md",
	"",
	"Examples:",
	"  holdfast create                                 back up this machine",
	"  holdfast list                                   list the archives",
	"  holdfast restore --service notes disk latest    restore one service",
	"",
	"Exit codes: 0 done; 1 failed, nothing changed or rolled back; 2 usage or config error; 3 partial;",
	"4 locked by another run; 5 a run could not be undone; 130 interrupted and rolled back.",
].join("\n");
type HelpArguments = Parameters<RouteMap<CommandContext>["formatHelp"]>[0];

export const allCommands = async (): Promise<RouteMap<CommandContext>> =>
	buildRouteMap({ routes: await loaded(COMMANDS), docs: { brief: BRIEF } });

/** The program's parser. When the first words name a command, it knows only that command. */
export async function application(words: readonly string[] = []): Promise<Application<CommandContext>> {
	const [command] = words;
	const named = command === undefined ? undefined : COMMANDS[command];
	const commands = buildRouteMap({
		routes: await loaded(command !== undefined && named ? { [command]: named } : COMMANDS),
		docs: { brief: BRIEF },
	});
	const groups = Object.fromEntries(
		Object.entries(GROUPS).map(([title, loaders]) => [title, Object.keys(loaders)]),
	);
	const root = {
		...commands,
		formatHelp: (args: HelpArguments) => rootHelp(commands, groups, DESCRIPTION, args),
	};
	return buildApplication(root, {
		name: "holdfast",
		versionInfo: { currentVersion: VERSION },
		scanner: {
			caseStyle: "allow-kebab-for-camel",
			allowArgumentEscapeSequence: true,
			distanceOptions: {
				threshold: 2,
				weights: { insertion: 1, deletion: 1, substitution: 1, transposition: 1 },
			},
		},
		localization: {
			text: {
				...text_en,
				// Both are printed like every other error, not by the parser.
				noCommandRegisteredForInput() {
					throw unknownIn(routeOf(words, root), words);
				},
				exceptionWhileParsingArguments(error) {
					const route = routeOf(words, root);
					const command = route.named.join(" ");
					const near = route.named.length === 0 ? undefined : nearest(route.next ?? "", route.names);
					throw usageError(error, command, {
						flags: flagsIn(route),
						meant: near === undefined ? undefined : `${command} ${near}`,
					});
				},
			},
		},
		documentation: {
			disableAnsiColor: !resultsAreSeen() || Boolean(process.env.NO_COLOR),
			onlyRequiredInUsageLine: true,
		},
	});
}

/** Throws if help is asked for on a word that is neither a command nor an argument. */
export function requireSubject({ root }: Application<CommandContext>, words: readonly string[]): void {
	if (!("getAllEntries" in root)) return;
	const route = routeOf(words, root);
	if (isLost(route)) throw unknownIn(route, words);
}

const unknownIn = ({ named, names, next = "" }: Route, words: readonly string[]) =>
	unknownCommand(next, { group: named, names, asksForHelp: asksForHelp(words) });
