// Check a program's exit code, for the kinds that run one.
import { cleanEnvironment, describeEnd, exec } from "../host/exec.ts";
import { account } from "../host/users.ts";
import type { Attempt, Fault } from "./health-check.ts";

export async function askProgram(
	argv: readonly string[],
	user: string | undefined,
	{ seconds, signal }: Pick<Attempt, "seconds" | "signal">,
): Promise<Fault | undefined> {
	const result = await exec(argv, {
		env: cleanEnvironment(user === undefined ? undefined : await account(user)),
		...(user === undefined ? {} : { user }),
		timeoutSeconds: seconds,
		signal,
	});
	if (result.code === 0 && !result.timedOut) return undefined;
	return { what: describeEnd(result, seconds), details: [...result.stdout, ...result.stderr] };
}
