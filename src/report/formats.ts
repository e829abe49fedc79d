// The output formats. Each except the first is a flag of every command; formats that are not asked for are not loaded.
import type { Reporter, ReporterOptions } from "./reporter.ts";

interface Format {
	/** Describes the flag in `--help`. */
	readonly brief: string;
	load(options: ReporterOptions): Promise<Reporter>;
}

/** For people: the default. */
const TEXT: Format = {
	brief: "print human-readable text",
	load: async (options) => (await import("./text/reporter.ts")).textReporter(options),
};

export const FORMATS = {
	json: {
		brief: "print JSON",
		load: async (options: ReporterOptions) => (await import("./json/reporter.ts")).jsonReporter(options),
	},
} as const satisfies Readonly<Record<string, Format>>;

export type FormatName = keyof typeof FORMATS;
/** The flag of each format. */
export type FormatFlags = { readonly [F in FormatName]: boolean };

export const FORMAT_NAMES = Object.keys(FORMATS) as readonly FormatName[];

export function reporterFor(flags: Partial<FormatFlags> & ReporterOptions): Promise<Reporter> {
	const name = chosenIn(flags);
	const format: Format = name === undefined ? TEXT : FORMATS[name];
	return format.load(flags);
}

const chosenIn = (flags: Partial<FormatFlags>) => FORMAT_NAMES.find((one) => flags[one] === true);

/** Whether the output is for people. */
export const isText = (flags: Partial<FormatFlags>): boolean => chosenIn(flags) === undefined;

/** A value for each format, such as its flag. */
export function byFormat<T>(of: (name: FormatName) => T): Readonly<Record<FormatName, T>> {
	return Object.fromEntries(FORMAT_NAMES.map((name) => [name, of(name)])) as Record<FormatName, T>;
}

/** No flag: text. */
export const AS_TEXT: FormatFlags = byFormat(() => false);

/** The format that a command line asks for, before it is parsed. */
export const formatIn = (words: readonly string[]): FormatFlags =>
	byFormat((name) => words.includes(`--${name}`));
