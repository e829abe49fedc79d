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
import { HoldfastError } from "../values/error.ts";
import { isNear, nearest } from "../values/nearest.ts";
import { VERSION } from "../values/version.ts";
import { COMMANDS, GROUPS, loaded } from "./commands.ts";
import { rootHelp } from "./help.ts";
import { usageError, written } from "./usage-words.ts";

const BRIEF = "Declarative backup and restore for Linux services";
const DESCRIPTION = [
	"Declare the state a service owns once; back it up with any engine; restore one service with one command.",
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
				noCommandRegisteredForInput: (said) => unknownCommand(said, words),
				// Printed like every other error, not by the parser.
				exceptionWhileParsingArguments(error) {
					const { command, flags, meant } = commandIn(words, root);
					throw usageError(error, command, { flags, meant });
				},
			},
		},
		documentation: {
			disableAnsiColor: !resultsAreSeen() || Boolean(process.env.NO_COLOR),
			onlyRequiredInUsageLine: true,
		},
	});
}

/**
 * The words that name the command and its group, and the command's flags as they are written. `meant`: the command of the
 * group that the next word is nearly the name of.
 */
function commandIn(words: readonly string[], root: RouteMap<CommandContext>) {
	const named: string[] = [];
	let group: readonly string[] = [];
	let at: ReturnType<typeof root.getRoutingTargetForInput> = root;
	for (const word of words) {
		if (at === undefined || !("getRoutingTargetForInput" in at)) break;
		const names = at.getAllEntries().map(({ name }) => name["convert-camel-to-kebab"]);
		at = at.getRoutingTargetForInput(word as never);
		// A group's own command takes any other word.
		if (named.length > 0 && !names.includes(word)) group = names;
		else if (at !== undefined) named.push(word);
	}
	const flags = at !== undefined && "parameters" in at ? Object.keys(at.parameters.flags ?? {}) : [];
	const command = named.join(" ");
	const near = nearest(words[named.length] ?? "", group);
	return { command, flags: flags.map(written), meant: near === undefined ? undefined : `${command} ${near}` };
}

/** What people type who know another program. None of these changes live data. */
const USUAL: Readonly<Partial<Record<string, string>>> = {
	backup: "create",
	snapshot: "create",
	ls: "list",
	snapshots: "list",
	extract: "archives extract",
	mount: "archives mount",
	verify: "check",
	version: "--version",
	"-V": "--version",
	"-?": "--help",
};

type NoCommand = Parameters<typeof text_en.noCommandRegisteredForInput>[0];

/**
 * Proposes only similar names. The message starts with the parser's own words: fleet/greeting.ts recognises an older
 * version by them.
 */
function unknownCommand({ corrections, ...said }: NoCommand, [first = ""]: readonly string[]): never {
	const isFirst = said.input === first;
	const hint = `see all commands with: holdfast ${isFirst ? "" : `${first} `}--help`;
	const usual = isFirst ? USUAL[said.input] : undefined;
	if (said.input.startsWith("-"))
		throw new HoldfastError("usage", `a command must come before ${said.input}`, {
			hint: usual === undefined ? hint : `did you mean: holdfast ${usual}`,
		});
	const near = corrections.filter((one) => isNear(said.input, one.replaceAll("`", "")));
	throw new HoldfastError(
		"usage",
		text_en.noCommandRegisteredForInput({
			...said,
			corrections: usual === undefined ? near : [`\`${usual}\``],
		}),
		{ hint },
	);
}
