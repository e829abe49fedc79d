// Put a program, its manifest, secrets and units in place on this machine; or take them away. Each file is whole at
// every instant, and what stood there comes back when a later step fails.
import { chmod, copyFile, link, mkdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { exec, execOk } from "../../host/exec.ts";
import { exists, syncPath } from "../../host/files.ts";
import { ownManager } from "../../host/systemd.ts";
import { HoldfastError } from "../../values/error.ts";
import type { StepWork, UndoContext } from "../context.ts";
import type { AccountStep, FilePutStep, FileTakeStep, TimersStep, UnitsReloadStep } from "../step-deploy.ts";

interface Found {
	/** Something stood there. */
	readonly had: boolean;
}

/** Beside the file: what comes, and what stood there. */
export function asides(path: string, run: string): { readonly fresh: string; readonly old: string } {
	const beside = (end: string) => join(dirname(path), `.${basename(path)}.${run}.${end}`);
	return { fresh: beside("new"), old: beside("old") };
}

export const account: StepWork<AccountStep> = {
	async run({ user, home }, context) {
		const known = await exec(["getent", "passwd", user]);
		const had = known.code === 0;
		context.note({ had, home: await exists(home) } satisfies { had: boolean; home: boolean });
		const [, , , , , at, shell] = (known.stdout[0] ?? "").split(":");
		if (had && at !== home)
			throw new HoldfastError("failed", `the account ${user} is there, and its home is ${at}`, {
				hint: `name another: borgServer: { user: … }, or directory: ${at}`,
			});
		if (had && /(nologin|false)$/.test(shell ?? ""))
			throw new HoldfastError(
				"failed",
				`the account ${user} is there, and cannot log in: its shell is ${shell}`,
				{
					hint: `usermod --shell /bin/sh ${user}, or name another account`,
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
				{ doing: `make the account ${user}` },
			);
		await execOk(["install", "-d", "-m", "0700", "-o", user, home], { doing: `make ${home}` });
	},
	async undo({ id, user, home }, context) {
		const before = context.noteOf(id) as { had: boolean; home: boolean } | undefined;
		if (!before) return;
		if (!before.had) await exec(["userdel", user]);
		// Only when nothing is in it: repositories are never deleted.
		if (!before.home) await exec(["rmdir", home]);
	},
};

export const filePut: StepWork<FilePutStep> = {
	async run({ path, from, mode, folderMode }, context) {
		const { fresh, old } = asides(path, context.plan.run);
		await mkdir(dirname(path), { recursive: true, mode: Number.parseInt(folderMode, 8) });
		await rm(fresh, { force: true });
		await copyFile(from, fresh);
		await chmod(fresh, Number.parseInt(mode, 8));
		await syncPath(fresh);
		const had = await exists(path);
		context.note({ had } satisfies Found);
		if (had) {
			await rm(old, { force: true });
			await link(path, old);
		}
		context.point("kept");
		await rename(fresh, path);
		await syncPath(dirname(path));
	},
	undo: putBack,
};

export const fileTake: StepWork<FileTakeStep> = {
	async run({ path }, context) {
		const { old } = asides(path, context.plan.run);
		const had = await exists(path);
		context.note({ had } satisfies Found);
		if (!had) return;
		await rename(path, old);
		await syncPath(dirname(path));
	},
	undo: putBack,
};

async function putBack({ id, path }: FilePutStep | FileTakeStep, context: UndoContext): Promise<void> {
	const { fresh, old } = asides(path, context.plan.run);
	await rm(fresh, { force: true });
	const found = context.noteOf(id) as Found | undefined;
	if (!found) return;
	if (await exists(old)) {
		await rename(old, path);
		// Two names of one file are left as they are by a rename.
		await rm(old, { force: true });
	} else if (!found.had) await rm(path, { force: true });
	await syncPath(dirname(path)).catch(() => {});
}

/** First of its scope, so that its undo comes when all files are back. */
export const unitsReload: StepWork<UnitsReloadStep> = {
	async run({ units }, context) {
		context.note(await enabledOf(units));
	},
	async undo({ id }, context) {
		const before = (context.noteOf(id) ?? []) as readonly string[];
		await systemctl(["daemon-reload"], "read the units again");
		if (before.length > 0) await systemctl(["enable", ...before], "enable the units that were enabled");
		const timers = before.filter((unit) => unit.endsWith(".timer"));
		if (timers.length > 0) await systemctl(["start", ...timers], "start the timers that ran");
	},
};

export const timers: StepWork<TimersStep> = {
	async run({ start, enable, stop }) {
		if (stop.length > 0) await disable(stop);
		await systemctl(["daemon-reload"], "read the units again");
		if (enable.length > 0) await systemctl(["enable", ...enable], "enable the units for boot");
		if (start.length > 0) await systemctl(["enable", "--now", ...start], "start the timers");
		// One whose last time was over does not look at its new calendar by itself.
		const over = await elapsedOf(start);
		if (over.length > 0) await systemctl(["restart", ...over], "start the timers again");
	},
	async undo({ start, enable }) {
		await disable([...start, ...enable]);
	},
};

async function disable(units: readonly string[]): Promise<void> {
	// Units whose file is gone are disabled as well: only their links are removed.
	const timers = units.filter((unit) => unit.endsWith(".timer"));
	if (timers.length > 0) await exec(["systemctl", ...ownManager(), "stop", ...timers]);
	if (units.length > 0) await exec(["systemctl", ...ownManager(), "disable", "--quiet", ...units]);
}

async function elapsedOf(timers: readonly string[]): Promise<string[]> {
	const over: string[] = [];
	for (const timer of timers) {
		const { stdout } = await exec(["systemctl", ...ownManager(), "show", "--value", "-p", "SubState", timer]);
		if (stdout[0] === "elapsed") over.push(timer);
	}
	return over;
}

async function enabledOf(units: readonly string[]): Promise<string[]> {
	const enabled: string[] = [];
	for (const unit of units) {
		const { stdout } = await exec(["systemctl", ...ownManager(), "is-enabled", unit]);
		if (stdout[0] === "enabled") enabled.push(unit);
	}
	return enabled;
}

async function systemctl(words: readonly string[], doing: string): Promise<void> {
	await execOk(["systemctl", ...ownManager(), "--no-ask-password", ...words], { doing }).catch(
		async (cause: unknown) => {
			const units = words.filter((word) => word.includes("."));
			const why = await Promise.all(
				units.map((unit) => exec(["systemctl", ...ownManager(), "show", "--value", "-p", "LoadError", unit])),
			);
			const bad = units.filter((_, index) => (why[index]?.stdout[0] ?? "").length > 0);
			throw new HoldfastError("unit-failed", `systemd would not ${doing}`, {
				cause,
				details: [
					...((cause as HoldfastError).details ?? []),
					...bad.map((unit) => `${unit}: ${why[units.indexOf(unit)]?.stdout[0]}`),
				],
				hint: "is each calendar event right? Try it: systemd-analyze calendar '…'",
			});
		},
	);
}
