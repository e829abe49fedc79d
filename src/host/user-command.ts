// How a command of the user's is started. Of Holdfast's environment it gets only the documented variables.
import type { UserCommand } from "../values/user-command.ts";
import { cleanEnvironment, type ExecOptions, type ExecResult, exec } from "./exec.ts";
import { openOwned } from "./owned-folder.ts";
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

/** Run a program as a user, or in a folder as its owner. `env` is added to the user's environment. */
export async function execAs(
	{ user, asOwnerOf }: { readonly user?: string | undefined; readonly asOwnerOf?: string | undefined },
	argv: readonly string[],
	{ env, ...options }: ExecOptions,
): Promise<ExecResult> {
	if (asOwnerOf === undefined) {
		const who = user === undefined ? undefined : await account(user);
		return exec(argv, {
			...options,
			...(who === undefined ? {} : { user: who }),
			env: { ...cleanEnvironment(who), ...env },
		});
	}
	using folder = await openOwned(asOwnerOf);
	const { owner, self, identity } = folder;
	return await exec(argv, {
		...options,
		cwd: self,
		user: identity,
		env: { ...cleanEnvironment(owner), ...env },
	});
}
