// Finds processes that have something open below some folders, and the unit of each. Synchronous, because a service is down
// meanwhile, and thousands of small reads take much longer with a promise for each.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { nameOf } from "./ownership.ts";

export interface Holder {
	readonly pid: number;
	/** The program's short name. */
	readonly name: string;
	/** The user that it runs as, for messages. */
	readonly user: string;
	/** The systemd unit that its control group belongs to, or undefined. */
	readonly unit: string | undefined;
	/** An open file, or its working folder. */
	readonly path: string;
}

/**
 * One entry per process. Only root sees processes of other users. This process and those that started it are left out: a shell may
 * stand in a lost folder, and ending it would end the restore.
 */
export function holdersOf(folders: readonly string[]): Holder[] {
	const own = withAncestors(process.pid);
	return readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name) && !own.has(Number(name)))
		.flatMap((pid) => holderOf(Number(pid), folders) ?? []);
}

function withAncestors(pid: number): ReadonlySet<number> {
	const all = new Set<number>();
	for (let one = pid; one > 1 && !all.has(one); ) {
		all.add(one);
		const status = orElse(() => readFileSync(`/proc/${one}/status`, "utf8"), "");
		one = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0);
	}
	return all;
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

/** The effective user of a process. Names from sources other than /etc/passwd are not found. */
function userOf(pid: number): string {
	const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(orElse(() => readFileSync(`/proc/${pid}/status`, "utf8"), ""))?.[1];
	return uid === undefined ? "user unknown" : nameOf(Number(uid));
}

/** The unit in a control group, such as `0::/system.slice/notes.service`: the last part that is a unit. */
function unitOf(pid: number): string | undefined {
	return orElse(() => readFileSync(`/proc/${pid}/cgroup`, "utf8"), "")
		.trim()
		.split("/")
		.filter((part) => /\.(service|scope|socket|mount|swap)$/.test(part))
		.at(-1);
}

/** A process may end while it is examined, and processes of other users cannot be read. */
function orElse<T>(read: () => T, otherwise: T): T {
	try {
		return read();
	} catch {
		return otherwise;
	}
}
