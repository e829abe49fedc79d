// Rewords the parser's errors so that they read like all other errors.
import { ArgumentScannerError, formatMessageForArgumentScannerError } from "@stricli/core";
import { HoldfastError, reportOf } from "../values/error.ts";

type Words = Parameters<typeof formatMessageForArgumentScannerError>[1];

const WORDS: Words = {
	FlagNotFoundError: ({ input, corrections }) => noOption(`--${input}`, corrections),
	AliasNotFoundError: ({ input }) => noOption(`-${input}`),
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
	UnsatisfiedPositionalError: ({ placeholder, limit: [least, count] = [1, 0] }) =>
		least === 1
			? `${placeholder} is missing`
			: `${placeholder}: at least ${counted(least)} are needed, but ${count === 0 ? "none was given" : `only ${count} ${count === 1 ? "was" : "were"} given`}`,
};

/** `command`: the command without its arguments. */
export function usageError(error: unknown, command: string): HoldfastError {
	if (error instanceof HoldfastError) return error;
	const message =
		error instanceof ArgumentScannerError
			? formatMessageForArgumentScannerError(error, WORDS)
			: reportOf(error).message;
	return new HoldfastError("usage", message, {
		hint: `for usage, see: holdfast ${command}${command === "" ? "" : " "}--help`,
	});
}

const isPlaceholder = (name: string) => name === name.toUpperCase();

const counted = (count: number) => (count === 1 ? "one argument" : `${count} arguments`);

const noOption = (option: string, near: readonly string[] = []) =>
	`unknown option ${option}${near.length > 0 ? `; did you mean --${near.join(" or --")}?` : ""}`;
