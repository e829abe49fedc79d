// A target's disk: mounted during an operation, with the user's hooks in the same order as in Clan.

import { describeEnd, exec } from "../../host/exec.ts";
import { isMountPoint } from "../../host/mounts.ts";
import { recordDisk } from "../../host/shown.ts";
import { HoldfastError } from "../../values/error.ts";
import { wordsOf } from "../../values/system-error.ts";
import { DestinationAbsent, type Work } from "../destination.ts";
import type { Target } from "./schema.ts";

type HookName = Extract<keyof Target, `${string}Hook`>;

/**
 * Do work on the disk: preMountHook, mount, postMountHook, the work, preUnmountHook, unmount, postUnmountHook. If the disk was
 * mounted before, it stays mounted. Even if the work fails, the disk is unmounted and the unmount hooks run. If only that fails,
 * `onFault` is called and the result is returned; without it, the fault is thrown.
 */
export async function onDisk<T>(
	name: string,
	target: Target,
	work: Work,
	use: () => Promise<T>,
	onFault?: (fault: unknown) => void,
): Promise<T> {
	const { required } = target;
	const mountpoint = target.mountpoint || undefined;
	await runHook(name, target, "preMountHook", work);
	let ours: Awaited<ReturnType<typeof recordDisk>> | undefined;
	const wayBack = async () => {
		const calm: Work = { ...work, signal: new AbortController().signal };
		const faults: unknown[] = [];
		const attempt = (step: Promise<unknown>) => step.catch((fault: unknown) => faults.push(fault));
		await attempt(runHook(name, target, "preUnmountHook", calm));
		if (ours && mountpoint !== undefined) await attempt(unmount(mountpoint).then(ours[Symbol.dispose]));
		await attempt(runHook(name, target, "postUnmountHook", calm));
		return faults;
	};
	let result: T;
	try {
		if (mountpoint !== undefined && !(await isMountPoint(mountpoint))) {
			ours = await mounted(name, mountpoint, required === true);
		}
		await runHook(name, target, "postMountHook", work);
		result = await use();
	} catch (error) {
		for (const fault of await wayBack()) work.log(wordsOf(fault));
		throw error;
	}
	const [fault] = await wayBack();
	if (fault === undefined) return result;
	if (onFault === undefined) throw fault;
	onFault(fault);
	return result;
}

export async function runHook(name: string, target: Target, hook: HookName, work: Work): Promise<void> {
	const script = target[hook];
	if (script === undefined) return;
	const result = await exec(["bash", "-euo", "pipefail", "-c", script, hook], {
		signal: work.signal,
		onStdout: work.log,
		onStderr: work.log,
	});
	work.signal.throwIfAborted();
	if (result.code !== 0)
		throw new HoldfastError("hook-failed", `${hook} of ${name} ${describeEnd(result)}`, {
			subject: `${hook} of ${name}`,
			details: result.stderr,
		});
}

/** With a record, in case this process is killed. */
async function mounted(name: string, mountpoint: string, required: boolean) {
	const record = await recordDisk(mountpoint);
	try {
		await mount(name, mountpoint, required);
	} catch (error) {
		record[Symbol.dispose]();
		throw error;
	}
	record.mounted();
	return record;
}

/** The device is named in /etc/fstab or by a mount unit. */
async function mount(name: string, mountpoint: string, required: boolean): Promise<void> {
	const result = await exec(["mount", "-o", "X-mount.mkdir", mountpoint]);
	if (result.code === 0) return;
	const text = result.stderr.join("\n");
	if (
		/can't find (UUID|LABEL|PARTUUID|PARTLABEL|ID)=|special device .* does not exist|no medium found|failed to setup loop device/i.test(
			text,
		)
	) {
		const facts = {
			subject: name,
			details: result.stderr,
			hint: `plug it in; its mount point is ${mountpoint}`,
		};
		throw required
			? new HoldfastError("disk-absent", `the disk of ${name} is not attached`, facts)
			: new DestinationAbsent("disk-not-mounted", `the disk of ${name} is not attached`, facts);
	}
	throw new HoldfastError("disk-not-mounted", `${mountpoint} cannot be mounted`, {
		subject: mountpoint,
		details: result.stderr,
		hint: "add its device to /etc/fstab, with the option noauto",
	});
}

async function unmount(mountpoint: string): Promise<void> {
	const result = await exec(["umount", mountpoint]);
	if (result.code !== 0)
		throw new HoldfastError("disk-not-mounted", `${mountpoint} cannot be unmounted`, {
			subject: mountpoint,
			details: result.stderr,
			hint: `to see which processes use it: fuser -vm ${mountpoint}`,
		});
}
