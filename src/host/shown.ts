// Archives that are shown as folders, and disks that are mounted for a while: a record of each in the runtime folder, so that
// what a killed process has left mounted is found and unmounted.
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { isErrno } from "../values/error.ts";
import { exec } from "./exec.ts";
import { privateFolder, replaceFile } from "./files.ts";
import { openFolder } from "./folder.ts";
import { isAtOrBelow, mountsOf } from "./mounts.ts";
import { places } from "./places.ts";
import { readStored } from "./stored-json.ts";

/** `shown-PID.json`, and `disk-PID-NUMBER.json`. */
const RECORD = /^(shown|disk)-(\d{1,10})(?:-\d{1,10})?\.json$/;

const recordSchema = v.object({
	/** The folder. */
	at: v.string(),
	/** When the process started, in clock ticks since boot: its id may be another's by now. */
	began: v.string(),
	/** The file system that was mounted there, as `systemAt` says it; absent until it was. */
	system: v.exactOptional(v.string()),
});

interface MountRecord {
	/** To be called as soon as it is there. */
	mounted(): void;
	[Symbol.dispose](): void;
}

/** Keep a record that this process shows an archive at a folder. */
export const recordShown = (at: string): Promise<MountRecord> => recordMount(`shown-${process.pid}.json`, at);

let disks = 0;
/** Keep a record that this process has mounted a disk. */
export const recordDisk = (at: string): Promise<MountRecord> =>
	recordMount(`disk-${process.pid}-${disks++}.json`, at);

async function recordMount(name: string, at: string): Promise<MountRecord> {
	const { runtime } = places();
	await privateFolder(runtime);
	const write = (system?: string) => {
		using folder = openFolder(runtime);
		const began = startOf(process.pid) ?? "";
		replaceFile(folder, name, JSON.stringify({ at, began, ...(system === undefined ? {} : { system }) }));
	};
	write();
	return {
		mounted: () => write(systemAt(at)),
		[Symbol.dispose]: () => rmSync(join(runtime, name), { force: true }),
	};
}

export interface LeftMounted {
	readonly at: string;
	readonly isDisk: boolean;
	/** Otherwise it is in use, and the next call tries again. */
	readonly isUnmounted: boolean;
}

/** Unmount what processes that were killed have left. What is mounted there by now by somebody else stays. */
export async function endLeftShown(): Promise<LeftMounted[]> {
	const { runtime } = places();
	const all: LeftMounted[] = [];
	for (const name of namesIn(runtime)) {
		const [, what, pid] = RECORD.exec(name) ?? [];
		if (pid === undefined) continue;
		const file = join(runtime, name);
		const found = readStored(file, recordSchema);
		const { at, began, system } = found !== undefined && "value" in found ? found.value : {};
		if (began !== undefined && startOf(Number(pid)) === began) continue;
		const isDisk = what === "disk";
		const isUnmounted =
			at === undefined || system === undefined || systemAt(at) !== system
				? undefined
				: await (isDisk ? unmountDisk(at) : unmountBelow(at));
		if (at !== undefined && isUnmounted !== undefined) all.push({ at, isDisk, isUnmounted });
		if (isUnmounted !== false) rmSync(file, { force: true });
	}
	return all;
}

/** The device number alone may be used again. */
function systemAt(at: string): string | undefined {
	const own = mountsOf("self").findLast(({ path }) => path === at);
	return own && `${own.device} ${own.type} ${own.source}`;
}

/** Whatever the process that was killed started may still write there. */
async function unmountDisk(at: string): Promise<boolean> {
	return (await exec(["umount", "--", at])).code === 0;
}

async function unmountBelow(at: string): Promise<true> {
	const own = mountsOf("self").filter(({ path }) => isAtOrBelow(path, at));
	for (const { path } of own.reverse()) {
		const end = await exec(["umount", "--", path]);
		if (end.code !== 0) await exec(["umount", "--lazy", "--", path]);
	}
	return true;
}

function namesIn(folder: string): string[] {
	try {
		return readdirSync(folder);
	} catch (error) {
		if (isErrno(error, "ENOENT")) return [];
		throw error;
	}
}

/** proc_pid_stat(5), starttime; the name before it may contain spaces and parentheses. */
function startOf(pid: number): string | undefined {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
		return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
	} catch {
		return undefined;
	}
}
