// The text of --help: as wide as a terminal, a brief line first, and the commands in groups.
import type { Command, CommandContext, RouteMap } from "@stricli/core";
import { wrapped } from "../report/text/wrap.ts";
import { commonFlags } from "./flags.ts";
import { kebab } from "./spelling.ts";

type Target = Command<CommandContext> | RouteMap<CommandContext>;
type Arguments = Parameters<Target["formatHelp"]>[0];

const WIDTH = 80;
/** A description begins here, or further left if all names are short. */
const WIDEST_NAME = 26;

interface Docs {
	readonly brief: string;
	readonly fullDescription?: string;
	readonly customUsage?: readonly string[];
}

interface Flag {
	readonly kind: string;
	readonly brief: string;
	readonly placeholder?: string;
	readonly variadic?: unknown;
	readonly default?: unknown;
	readonly hidden?: boolean;
}
interface Positional {
	readonly brief: string;
	readonly placeholder?: string;
	readonly optional?: boolean;
}
interface CommandParameters {
	readonly flags?: Readonly<Record<string, unknown>>;
	readonly positional?:
		| { readonly kind: "array"; readonly parameter: Positional; readonly minimum?: number }
		| { readonly kind: "tuple"; readonly parameters: readonly Positional[] };
}

/** The same command with this help. */
export function withHelp(command: Command<CommandContext>, docs: Docs): Command<CommandContext> {
	const parameters = command.parameters as CommandParameters;
	return {
		...command,
		formatUsageLine: ({ prefix }) => usageOf(prefix, parameters),
		formatHelp: (args) => commandHelp(docs, parameters, args),
	};
}

/** The same group with this help. */
export function withGroupHelp(group: RouteMap<CommandContext>, docs: Docs): RouteMap<CommandContext> {
	return {
		...group,
		formatHelp: (args) => {
			const prefix = args.prefix.join(" ");
			return textOf([
				docs.brief,
				"",
				heading("USAGE", args),
				`  ${prefix} COMMAND`,
				"",
				heading("COMMANDS", args),
				...commandRows(group, () => true, args),
			]);
		},
	};
}

/** `groups`: the names of commands, by what they are for. */
export function rootHelp(
	root: RouteMap<CommandContext>,
	groups: Readonly<Record<string, readonly string[]>>,
	description: string,
	args: Arguments,
): string {
	return textOf([
		heading("USAGE", args),
		"  holdfast COMMAND",
		"  holdfast COMMAND --help",
		"  holdfast --version",
		"",
		...reflowed(description),
		...Object.entries(groups).flatMap(([title, names]) => [
			"",
			heading(title, args),
			...commandRows(root, (name) => names.includes(name), args),
		]),
	]);
}

function commandHelp(docs: Docs, parameters: CommandParameters, args: Arguments): string {
	const prefix = args.prefix.join(" ");
	const usage = docs.customUsage?.map((words) => `${prefix} ${words}`) ?? [usageOf(args.prefix, parameters)];
	const rest = docs.fullDescription === undefined ? [] : ["", ...reflowed(docs.fullDescription)];
	const words = positionalsOf(parameters).filter(({ brief }) => brief !== "");
	return textOf([
		...wrapped(docs.brief, WIDTH),
		"",
		heading("USAGE", args),
		...usage.flatMap((line) => wrapped(line, WIDTH - 2, "    ").map((one) => `  ${one}`)),
		...rest,
		"",
		heading("FLAGS", args),
		...rows(
			[
				...flagsOf(parameters).map(flagRow),
				["-h, --help", "print this help"] as const,
				["--", "what follows are arguments, even if it begins with -"] as const,
			],
			args,
		),
		...(words.length === 0
			? []
			: [
					"",
					heading("ARGUMENTS", args),
					...rows(
						words.map(({ shown, brief }) => [shown, brief]),
						args,
					),
				]),
	]);
}

/** Those that every command has come last. */
export function flagsOf({ flags = {} }: CommandParameters): [string, Flag][] {
	const all = Object.entries(flags as Readonly<Record<string, Flag>>).filter(
		([, { hidden }]) => hidden !== true,
	);
	const isCommon = ([name]: [string, Flag]) => Object.hasOwn(commonFlags, name);
	return [...all.filter((one) => !isCommon(one)), ...all.filter(isCommon)];
}

function flagRow([name, { brief, placeholder, variadic, kind, default: usual }]: [string, Flag]) {
	const flag = `--${kebab(name)}`;
	const value = kind === "boolean" ? "" : ` ${placeholder ?? "VALUE"}${variadic ? "..." : ""}`;
	const said =
		kind === "boolean" || usual === undefined || brief.includes("(default") ? "" : ` (default: ${usual})`;
	return [`${flag}${value}`, `${brief}${said}`] as const;
}

/** `shown`: how the usage line has it. */
export function positionalsOf({ positional }: CommandParameters) {
	if (positional === undefined) return [];
	if (positional.kind === "tuple")
		return positional.parameters.map(({ brief, placeholder: name = "ARGUMENT", optional = false }) => ({
			...{ name, brief, optional, repeatable: false },
			shown: optional ? `[${name}]` : name,
		}));
	const { placeholder: name = "ARGUMENT", brief } = positional.parameter;
	const optional = (positional.minimum ?? 0) === 0;
	return [{ name, brief, optional, repeatable: true, shown: optional ? `[${name}]...` : name }];
}

const usageOf = (prefix: readonly string[], parameters: CommandParameters) =>
	[...prefix, ...positionalsOf(parameters).map(({ shown }) => shown)].join(" ");

function commandRows(
	group: RouteMap<CommandContext>,
	isShown: (name: string) => boolean,
	args: Arguments,
): string[] {
	return rows(
		group
			.getAllEntries()
			.flatMap(({ name: { original: name }, target }) =>
				isShown(name) ? [[name, target.brief] as const] : [],
			),
		args,
	);
}

function rows(all: readonly (readonly [name: string, brief: string])[], { ansiColor }: Arguments): string[] {
	const width = Math.min(WIDEST_NAME, Math.max(...all.map(([name]) => name.length)));
	return all.flatMap(([name, brief]) => {
		const [first = "", ...more] = wrapped(brief, WIDTH - width - 4);
		const bold = ansiColor ? `\u001b[1m${name}\u001b[22m` : name;
		const indent = " ".repeat(width + 4);
		const isLong = name.length > width;
		return [
			isLong ? `  ${bold}` : `  ${bold}${" ".repeat(width - name.length)}  ${first}`.trimEnd(),
			...(isLong ? [first, ...more] : more).map((line) => `${indent}${line}`),
		];
	});
}

const heading = (title: string, { ansiColor }: Arguments) =>
	ansiColor ? `\u001b[4m${title}\u001b[24m` : title;

/** Paragraphs in the width; indented lines, which are examples, stay, but for a remark that does not fit behind them. */
function reflowed(text: string): string[] {
	return text.split("\n\n").flatMap((part, index) => {
		const lines: string[] = [];
		let paragraph: string[] = [];
		const flush = () => {
			if (paragraph.length > 0) lines.push(...wrapped(paragraph.join(" "), WIDTH));
			paragraph = [];
		};
		for (const line of part.split("\n"))
			if (line.startsWith(" ")) {
				flush();
				lines.push(...exampleLines(line));
			} else {
				paragraph.push(line);
				if (line.endsWith(":")) flush();
			}
		flush();
		return index > 0 ? ["", ...lines] : lines;
	});
}

function exampleLines(line: string): string[] {
	if (line.length <= WIDTH) return [line];
	const [, command = line, remark = ""] = /^(.*\S) {2,}(\S.*)$/.exec(line) ?? [];
	const parts = wrapped(command.trimStart(), WIDTH - 8);
	const shown = parts.map(
		(one, index) => `${index > 0 ? "      " : "  "}${one}${index < parts.length - 1 ? " \\" : ""}`,
	);
	return [...shown, ...wrapped(remark, WIDTH - 6).map((one) => (one === "" ? "" : `      ${one}`))].filter(
		(one) => one !== "",
	);
}

const textOf = (lines: readonly string[]) => `${lines.join("\n")}\n`;
