// Archives that are shown as folders: a record of each in the runtime folder, `shown-PID.json`, so that what a killed process has
// left mounted is found and unmounted.
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

const RECORD = /^shown-(\d{1,10})\.json$/;

const recordSchema = v.object({
	/** The folder. */
	at: v.string(),
	/** When the process started, in clock ticks since boot: its id may be another's by now. */
	began: v.string(),
	/** The file system that was mounted there, as `systemAt` says it; absent until it was. */
	system: v.exactOptional(v.string()),
});

/** Keep a record that this process shows an archive at a folder; call `mounted` as soon as it is there. */
export async function recordShown(at: string): Promise<{ mounted(): void; [Symbol.dispose](): void }> {
	const { runtime } = places();
	await privateFolder(runtime);
	const name = `shown-${process.pid}.json`;
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

/** Unmount what processes that were killed have left. Returns the folders. What is mounted there by now by somebody else stays. */
export async function endLeftShown(): Promise<string[]> {
	const { runtime } = places();
	const ended: string[] = [];
	for (const name of namesIn(runtime)) {
		const [, pid] = RECORD.exec(name) ?? [];
		if (pid === undefined) continue;
		const file = join(runtime, name);
		const found = readStored(file, recordSchema);
		const { at, began, system } = found !== undefined && "value" in found ? found.value : {};
		if (began !== undefined && startOf(Number(pid)) === began) continue;
		if (at !== undefined && (await unmountBelow(at, system))) ended.push(at);
		rmSync(file, { force: true });
	}
	return ended;
}

/** The device number alone may be used again. */
function systemAt(at: string): string | undefined {
	const own = mountsOf("self").findLast(({ path }) => path === at);
	return own && `${own.device} ${own.type} ${own.source}`;
}

async function unmountBelow(at: string, system: string | undefined): Promise<boolean> {
	if (system === undefined || systemAt(at) !== system) return false;
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
