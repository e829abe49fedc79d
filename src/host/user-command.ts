// How a command of the user's is started. Of Holdfast's environment it gets only the documented variables.
import type { UserCommand } from "../values/user-command.ts";
import { cleanEnvironment, type ExecOptions } from "./exec.ts";
import { account } from "./users.ts";

/** `called`: the name of a script in the messages of its shell. */
export function argvOf(command: UserCommand, called: string): readonly string[] {
	return "script" in command ? ["bash", "-euo", "pipefail", "-c", command.script, called] : command.command;
}

/** `variables` are added to its own environment. */
export async function userOptions(
	{ user, environment, timeout }: UserCommand,
	variables: Readonly<Record<string, string>>,
): Promise<Pick<ExecOptions, "env" | "user" | "timeoutSeconds"> & { readonly timeoutSeconds: number }> {
	return {
		env: {
			...cleanEnvironment(user === undefined ? undefined : await account(user)),
			...environment,
			...variables,
		},
		...(user === undefined ? {} : { user }),
		timeoutSeconds: timeout,
	};
}
