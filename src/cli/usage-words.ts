// Rewords the parser's errors so that they read like all other errors.
import { ArgumentScannerError, formatMessageForArgumentScannerError } from "@stricli/core";
import { HoldfastError, reportOf } from "../values/error.ts";
import { listed } from "../values/listed.ts";
import { nearest } from "../values/nearest.ts";
import { kebab } from "./spelling.ts";

type Words = Parameters<typeof formatMessageForArgumentScannerError>[1];

/** `flags`: of the command, as they are written. */
const wordsFor = (flags: readonly string[]): Words => ({
	FlagNotFoundError: ({ input, corrections }) => noOption(`--${input}`, likeIt(input, corrections, flags)),
	AliasNotFoundError: ({ input }) =>
		noOption(
			`-${input}`,
			flags.filter((flag) => flag === USUAL[input]),
		),
	ArgumentParseError: ({ externalFlagNameOrPlaceholder: name, exception }) => {
		const { message } = reportOf(exception);
		return /to a boolean$/.test(message)
			? `--${name} takes no value`
			: `${isPlaceholder(name) ? name : `--${name}`}: ${message}`;
	},
	EnumValidationError: ({ externalFlagName: name, input, values }) =>
		`--${name} must be one of ${values.join(", ")}, not "${input}"`,
	UnsatisfiedFlagError: ({ externalFlagName: name }) => `--${name} needs a value`,
	UnexpectedFlagError: ({ externalFlagName: name }) => `--${name} can only be given once`,
	InvalidNegatedFlagSyntaxError: ({ externalFlagName: name }) => `--${name} takes no value`,
	UnexpectedPositionalError: ({ expectedCount, input }) =>
		expectedCount === 0
			? `unexpected argument "${input}": this command takes only options`
			: `unexpected argument "${input}": at most ${counted(expectedCount)} can be given`,
	UnsatisfiedPositionalError: ({ placeholder, limit: [, count] = [1, 0] }) => {
		const missing = placeholder.split(" ").slice(count);
		return `${listed(missing)} ${missing.length === 1 ? "is" : "are"} missing`;
	},
});

/** What other programs' users type. */
const USUAL: Readonly<Partial<Record<string, string>>> = {
	c: "config",
	n: "dry-run",
	q: "quiet",
	y: "yes",
};

/** The parser's proposals, as they are written, or the option that begins so. */
function likeIt(typed: string, proposed: readonly string[] = [], flags: readonly string[]): string[] {
	if (proposed.length > 0) return [...new Set(proposed.map(kebab))];
	const near = nearest(kebab(typed), [...flags, "help"]);
	return near === undefined ? [] : [near];
}

/** `command`: the command without its arguments. `flags`: its flags, as they are written. `meant`: what may have been meant. */
export function usageError(
	error: unknown,
	command: string,
	{ flags, meant }: { readonly flags: readonly string[]; readonly meant: string | undefined },
): HoldfastError {
	if (error instanceof HoldfastError) return error;
	const message =
		error instanceof ArgumentScannerError
			? formatMessageForArgumentScannerError(error, wordsFor(flags))
			: reportOf(error).message;
	const usage = `for usage, see: holdfast ${command}${command === "" ? "" : " "}--help`;
	const missing = /^ARCHIVE\b.* missing$/.test(message) ? `${NAME_ARCHIVE}; ` : "";
	return new HoldfastError("usage", message, {
		hint: meant === undefined ? `${missing}${usage}` : `did you mean: holdfast ${meant}`,
	});
}

export const NAME_ARCHIVE = "write latest for the newest one, or an id as holdfast list prints it";

const isPlaceholder = (name: string) => name === name.toUpperCase();

const counted = (count: number) => (count === 1 ? "one argument" : `${count} arguments`);

const noOption = (option: string, near: readonly string[] = []) =>
	`unknown option ${option}${near.length > 0 ? `; did you mean --${near.join(" or --")}?` : ""}`;
