// Which processes hold something open below some folders, and which unit each belongs to.
// Synchronous: a service is down meanwhile, and thousands of small reads take far longer one promise each.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { nameOf } from "./ownership.ts";

export interface Holder {
	readonly pid: number;
	/** The program's short name. */
	readonly name: string;
	/** As whom it runs, in words. */
	readonly user: string;
	/** The systemd unit in whose control group it is, or undefined. */
	readonly unit: string | undefined;
	/** What it holds: an open file, or its working folder. */
	readonly path: string;
}

/** One entry a process. Processes of other users are seen by root only. */
export function holdersOf(folders: readonly string[]): Holder[] {
	return readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
		.flatMap((pid) => holderOf(Number(pid), folders) ?? []);
}

function holderOf(pid: number, folders: readonly string[]): Holder | undefined {
	const open = orElse(() => readdirSync(`/proc/${pid}/fd`), []);
	const links = [`/proc/${pid}/cwd`, ...open.map((fd) => `/proc/${pid}/fd/${fd}`)];
	for (const link of links) {
		const path = orElse(() => readlinkSync(link), undefined);
		if (path === undefined || !folders.some((folder) => path === folder || path.startsWith(`${folder}/`)))
			continue;
		const name = orElse(() => readFileSync(`/proc/${pid}/comm`, "utf8").trim(), "?");
		return { pid, name, user: userOf(pid), unit: unitOf(pid), path };
	}
	return undefined;
}

/** By its effective user, whom the name service may know by other means than the file that is read here. */
function userOf(pid: number): string {
	const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(orElse(() => readFileSync(`/proc/${pid}/status`, "utf8"), ""))?.[1];
	return uid === undefined ? "user unknown" : nameOf(Number(uid));
}

/** The last part of the control group that is a unit: `0::/system.slice/notes.service`. */
function unitOf(pid: number): string | undefined {
	return orElse(() => readFileSync(`/proc/${pid}/cgroup`, "utf8"), "")
		.trim()
		.split("/")
		.filter((part) => /\.(service|scope|socket|mount|swap)$/.test(part))
		.at(-1);
}

/** Processes end while they are looked at, and another user's cannot be read. */
function orElse<T>(read: () => T, otherwise: T): T {
	try {
		return read();
	} catch {
		return otherwise;
	}
}
