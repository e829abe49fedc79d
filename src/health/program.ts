// Check a program's exit code, for the kinds that run one.
import { describeEnd } from "../host/exec.ts";
import { execAs } from "../host/user-command.ts";
import type { Attempt, Fault } from "./health-check.ts";

export async function askProgram(
	argv: readonly string[],
	who: { readonly user?: string | undefined; readonly asOwnerOf?: string | undefined },
	{ seconds, signal }: Pick<Attempt, "seconds" | "signal">,
): Promise<Fault | undefined> {
	const result = await execAs(who, argv, { timeoutSeconds: seconds, signal });
	if (result.code === 0 && !result.timedOut) return undefined;
	return { what: describeEnd(result, seconds), details: [...result.stdout, ...result.stderr] };
}
