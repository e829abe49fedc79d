// A command of the user's, in the config: a hook, or what dumps and loads a store.
import * as v from "valibot";
import { secondsOf } from "./duration.ts";
import * as f from "./fields.ts";

/** The options that say as whom a command runs. */
export const asUser = {
	user: v.pipe(v.optional(f.text), v.description("run as this user (default: the user that runs Holdfast)")),
};
/** Those of hooks and health checks. */
export const asUserOrOwner = {
	...asUser,
	asOwnerOf: v.pipe(
		v.optional(f.folder),
		v.description(
			"run in this folder as the user that owns it, instead of `user`. Refused if another user could have put the folder there",
		),
	),
};

/** Who is meant if a command has both is not clear. */
export const isOneUser = (command: object) => !("user" in command && "asOwnerOf" in command);
export const ONE_USER = "`user` and `asOwnerOf` exclude each other";

/**
 * A script, a command as a list, or one of them with options. `what`: for messages. `usual`: how long it may run by
 * default.
 */
export function userCommand<A extends v.ObjectEntries>(what: string, usual: string, as: A) {
	const options = {
		...as,
		environment: v.pipe(
			v.optional(f.environment),
			v.description("additional environment variables; never put secrets here"),
		),
		timeout: v.optional(
			f.seconds(f.duration, {
				about: 'how long it may run before its process group is killed, such as "10m"',
				usual,
				least: 1,
				isFilledIn: true,
			}),
			usual,
		),
	};
	const script = v.strictObject({
		script: v.pipe(f.text, v.description("a script, run under `bash -euo pipefail`")),
		...options,
	});
	const command = v.strictObject({
		command: v.pipe(f.argv, v.description("a program and its arguments, run without a shell")),
		...options,
	});
	const timeout = secondsOf(usual) ?? 0;
	return v.pipe(
		v.union(
			[
				v.pipe(
					f.text,
					v.transform((script): UserCommand => ({ script, timeout })),
				),
				v.pipe(
					f.argv,
					v.transform((command): UserCommand => ({ command, timeout })),
				),
				script,
				command,
			],
			`${what} must be a script, a command as a list, or { script | command, user, timeout, environment }`,
		),
		v.description("a script, run under `bash -euo pipefail`, a command as a list, or an object with options"),
	);
}

/** As the manifest holds it; a config may hold it too. */
export type UserCommand = ({ script: string } | { command: string[] }) & {
	user?: string | undefined;
	asOwnerOf?: string | undefined;
	environment?: Record<string, string> | undefined;
	/** In seconds. */
	timeout: number;
};
