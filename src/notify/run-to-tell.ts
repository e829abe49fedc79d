// Run a program that gets the message on its standard input, for the kinds that use one.
import { cleanEnvironment, describeEnd, exec } from "../host/exec.ts";
import { shownAnswer } from "../values/clip.ts";

const TIMEOUT_SECONDS = 60;

/** Throws if the program fails, with what it wrote to standard error. */
export async function runToTell(
	argv: readonly string[],
	input: string,
	environment: Readonly<Record<string, string>> = {},
): Promise<void> {
	const result = await exec(argv, {
		input,
		timeoutSeconds: TIMEOUT_SECONDS,
		env: { ...cleanEnvironment(), ...environment },
	});
	if (result.code !== 0)
		throw new Error(shownAnswer([`it ${describeEnd(result, TIMEOUT_SECONDS)}`, ...result.stderr].join(": ")));
}
