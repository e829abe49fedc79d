// The account of a borg server, with its own home; created if it does not exist.
import { exec, execOk } from "../../host/exec.ts";
import { exists } from "../../host/files.ts";
import { HoldfastError } from "../../values/error.ts";
import type { AccountBefore, AccountStep } from "../account.ts";
import type { StepWork } from "../step.ts";

export const account: StepWork<AccountStep, AccountBefore> = {
	async run({ user, home }, context) {
		const known = await exec(["getent", "passwd", user]);
		const had = known.code === 0;
		context.note({ had, home: await exists(home) });
		const [, , , , , at, shell] = (known.stdout[0] ?? "").split(":");
		if (had && at !== home)
			throw new HoldfastError("failed", `the account ${user} already exists with the home ${at}`, {
				hint: `use another account: borgServer: { user: … }, or set directory: ${at}`,
			});
		if (had && /(nologin|false)$/.test(shell ?? ""))
			throw new HoldfastError(
				"failed",
				`the account ${user} already exists but cannot log in: its shell is ${shell}`,
				{
					hint: `change it with: usermod --shell /bin/sh ${user}; or use another account`,
				},
			);
		if (!had)
			await execOk(
				[
					"useradd",
					"--system",
					"--user-group",
					"--shell",
					"/bin/sh",
					"--home-dir",
					home,
					"--no-create-home",
					user,
				],
				{ doing: `create the account ${user}` },
			);
		await execOk(["install", "-d", "-m", "0700", "-o", user, home], { doing: `create ${home}` });
	},
	async undo({ user, home }, { noted }) {
		const before = noted();
		if (!before) return;
		if (!before.had) await exec(["userdel", user]);
		// Only if it is empty: repositories are never deleted.
		if (!before.home) await exec(["rmdir", home]);
	},
};
