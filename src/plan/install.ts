// The plan that installs what a deploy has sent to this machine, and the plan that removes it.
import { basename, dirname, join } from "node:path";
import * as v from "valibot";
import type { Manifest } from "../manifest/schema.ts";
import { account as accountKind } from "../steps/account.ts";
import { check as checkKind } from "../steps/check.ts";
import { commit } from "../steps/commit.ts";
import { discard } from "../steps/discard.ts";
import { asides, filePut } from "../steps/file-put.ts";
import { fileTake } from "../steps/file-take.ts";
import type { Plan, Step } from "../steps/plan.ts";
import { timers as timersKind } from "../steps/timers.ts";
import { unitsReload } from "../steps/units-reload.ts";
import * as f from "../values/fields.ts";

const text = v.pipe(v.string(), v.maxLength(4_096));
const octal = v.pipe(v.string(), v.regex(/^0?[0-7]{3,4}$/, "is not an octal mode"));
const units = v.pipe(v.array(f.unitName), v.maxLength(1_000), v.readonly());

/** The description of a deployment, sent along with its files. Without `from` it is the record that a deploy leaves. */
export const deploymentSchema = v.object({
	version: text,
	files: v.pipe(
		v.array(
			v.object({
				path: f.path,
				/** The file's name in the folder that was sent; absent if the file is already installed. */
				from: v.exactOptional(
					v.pipe(v.string(), v.regex(/^[\w-]{1,100}$/, "is not a file name that was sent")),
				),
				/** Octal. */
				mode: octal,
				/** Mode of folders that must be created for it. */
				folderMode: octal,
				sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "is not a SHA-256")),
				/** Kept by an undeploy: archives cannot be read without it. */
				stays: v.exactOptional(v.boolean()),
			}),
		),
		v.maxLength(10_000),
		v.readonly(),
	),
	timers: units,
	atBoot: units,
	/** An account that must exist before the files. */
	account: v.exactOptional(v.object({ user: text, directory: f.path })),
	/** The record of the installed files. */
	installed: f.path,
	program: f.path,
	manifest: f.path,
});
export type Deployment = v.InferOutput<typeof deploymentSchema>;

export interface InstallRequest {
	readonly run: string;
	readonly manifest: Manifest;
	/** What the previous deploy installed, or undefined. */
	readonly before: Deployment | undefined;
	/** What is at the program's path is not from a deploy. */
	readonly isOwn: boolean;
}

export interface UninstallRequest extends Pick<InstallRequest, "run" | "manifest" | "isOwn"> {
	/** A deploy has kept the user's own program. */
	readonly isKept: boolean;
	/** The folder of what can be recreated, which is removed. */
	readonly cache: string;
}

const SCOPE = "deploy";

/** A line of the installed command, by which it is told from a user's own. */
export const WRITTEN = "# Written by `holdfast deploy`.";

/** Where a user's own program is kept that a deploy replaces: an undeploy puts it back. */
export const keptBeside = (program: string): string =>
	join(dirname(program), `.${basename(program)}.before-deploy`);

export function planInstall(
	{ run, manifest, before, isOwn }: InstallRequest,
	deployment: Deployment,
	folder: string,
): Plan {
	const { files, timers, atBoot, program, account } = deployment;
	const paths = new Set(files.map(({ path }) => path));
	const gone = (before?.files ?? []).filter(({ path, stays }) => !paths.has(path) && !stays);
	const units = [...timers, ...atBoot];
	const left = [...(before?.timers ?? []), ...(before?.atBoot ?? [])].filter((unit) => !units.includes(unit));
	const put = files.flatMap(({ path, from, mode, folderMode }): Step[] =>
		from === undefined
			? []
			: [
					filePut.step({
						id: filePut.id(path),
						scope: SCOPE,
						title: `install ${path}${isOwn && path === program ? ", and keep your own for an undeploy" : ""}`,
						touches: [path],
						path,
						from: `${folder}/${from}`,
						mode,
						folderMode,
						...(isOwn && path === program ? { keeps: keptBeside(path) } : {}),
					}),
				],
	);
	const record: Step = filePut.step({
		id: filePut.id(deployment.installed),
		scope: SCOPE,
		title: "record the installed files",
		touches: [deployment.installed],
		path: deployment.installed,
		from: `${folder}/installed.json`,
		mode: "0600",
		folderMode: "0755",
	});
	const take = gone.map(({ path }) => takeStep(path, false));
	const steps: Step[] = [
		reloadStep([...new Set([...units, ...left])]),
		...(account ? [accountStep(account)] : []),
		...put,
		...take,
		record,
		checkKind.step({
			id: checkKind.id("program"),
			scope: SCOPE,
			title: "check that the program starts and accepts its manifest",
			touches: [],
			state: SCOPE,
			check: { command: [program, "validate", "--config", deployment.manifest], within: 1 },
		}),
		timersKind.step({
			id: timersKind.id(),
			scope: SCOPE,
			title: timers.length > 0 ? `start ${timers.join(", ")}` : "start no timer",
			touches: units,
			start: timers,
			enable: atBoot,
			stop: left,
		}),
		...conclusion(
			[...put, ...take, record].flatMap(({ touches }) => touches),
			run,
			[folder],
		),
	];
	return { version: 1, run, operation: "deploy", manifest, steps, goals: [SCOPE] };
}

export function planUninstall(
	{ run, manifest, isOwn, isKept, cache }: UninstallRequest,
	installed: Deployment,
): Plan {
	const units = [...installed.timers, ...installed.atBoot];
	const paths = [
		...installed.files
			.filter(({ stays, path }) => !stays && !(isOwn && path === installed.program))
			.map(({ path }) => path),
		installed.installed,
	];
	const steps: Step[] = [
		reloadStep(units),
		timersKind.step({
			id: timersKind.id(),
			scope: SCOPE,
			title: `stop ${units.join(", ")}`,
			touches: units,
			start: [],
			enable: [],
			stop: units,
		}),
		...paths.map((path) => takeStep(path, isKept && path === installed.program)),
		...conclusion(paths, run, [cache]),
	];
	return { version: 1, run, operation: "undeploy", manifest, steps, goals: [SCOPE] };
}

function reloadStep(units: readonly string[]): Step {
	return unitsReload.step({
		id: unitsReload.id(),
		scope: SCOPE,
		title: "record which units are enabled",
		touches: [],
		units,
	});
}

function accountStep({ user, directory }: { readonly user: string; readonly directory: string }): Step {
	return accountKind.step({
		id: accountKind.id(user),
		scope: SCOPE,
		title: `create the account ${user} if it does not exist`,
		touches: [directory],
		user,
		home: directory,
	});
}

function takeStep(path: string, restores: boolean): Step {
	return fileTake.step({
		id: fileTake.id(path),
		scope: SCOPE,
		title: restores ? `remove ${path}, and put yours back` : `remove ${path}`,
		touches: [path],
		path,
		...(restores ? { restores: keptBeside(path) } : {}),
	});
}

function conclusion(paths: readonly string[], run: string, more: readonly string[]): Step[] {
	const areas = [...paths.map((path) => asides(path, run).old), ...more];
	return [
		commit.step({ id: commit.id(), scope: SCOPE, title: "commit", touches: [] }),
		discard.step({
			id: discard.id("discard"),
			scope: SCOPE,
			title: "delete the previous files",
			touches: areas,
			areas,
		}),
	];
}
