// Which processes hold something open below some folders, and which unit each belongs to.
import { readdir, readFile, readlink } from "node:fs/promises";

export interface Holder {
	readonly pid: number;
	/** The program's short name. */
	readonly name: string;
	/** The systemd unit in whose control group it is, or undefined. */
	readonly unit: string | undefined;
	/** What it holds: an open file, or its working folder. */
	readonly path: string;
}

/** One entry a process. Processes of other users are seen by root only. */
export async function holdersOf(folders: readonly string[]): Promise<Holder[]> {
	const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
	const found = await Promise.all(pids.map(async (pid) => holderOf(Number(pid), folders)));
	return found.filter((holder) => holder !== undefined);
}

async function holderOf(pid: number, folders: readonly string[]): Promise<Holder | undefined> {
	const open = await readdir(`/proc/${pid}/fd`).catch(() => []);
	const links = [`/proc/${pid}/cwd`, ...open.map((fd) => `/proc/${pid}/fd/${fd}`)];
	for (const link of links) {
		const path = await readlink(link).catch(() => undefined);
		if (path === undefined || !folders.some((folder) => path === folder || path.startsWith(`${folder}/`)))
			continue;
		const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "?");
		return { pid, name: name.trim(), unit: await unitOf(pid), path };
	}
	return undefined;
}

/** The last part of the control group that is a unit: `0::/system.slice/notes.service`. */
async function unitOf(pid: number): Promise<string | undefined> {
	const group = await readFile(`/proc/${pid}/cgroup`, "utf8").catch(() => "");
	return group
		.trim()
		.split("/")
		.filter((part) => /\.(service|scope|socket|mount|swap)$/.test(part))
		.at(-1);
}
