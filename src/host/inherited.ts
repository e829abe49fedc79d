// Open files inherited from the parent process. They must not be passed to child processes, some of which run as another user.
import type { StdioOptions } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";

/** O_CLOEXEC as fdinfo has it (proc_pid_fdinfo(5)), in octal. Node opens nothing without it. */
const CLOSES = 0o2000000;
/** Limit for the numbers: the list of a child's descriptors has an entry for every number up to the last. */
const MOST = 4096;

let known: readonly number[] | undefined;
function inherited(): readonly number[] {
	if (known !== undefined) return known;
	const found = readdirSync("/proc/self/fd").flatMap((name) =>
		Number(name) > 2 && stays(name) ? [Number(name)] : [],
	);
	const most = Math.min(MOST, numbersGiven());
	for (const fd of found) if (fd >= most) closeSync(fd);
	known = found.filter((fd) => fd < most);
	return known;
}

/** No descriptor can be created at or above this number (setrlimit(2), RLIMIT_NOFILE); any there are older than the limit. */
function numbersGiven(): number {
	const soft = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
	return soft === undefined ? MOST : Number(soft);
}

function stays(name: string): boolean {
	try {
		const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${name}`, "utf8"))?.[1];
		return flags !== undefined && (Number.parseInt(flags, 8) & CLOSES) === 0;
	} catch {
		// The descriptor that read the folder, which is closed by now.
		return false;
	}
}

let nothing: number | undefined;

/** The descriptors of a child, with the inherited ones ignored. */
export function withoutInherited<T extends Exclude<StdioOptions, string>>(stdio: T): T {
	const some = inherited().filter((fd) => stdio[fd] === undefined || stdio[fd] === "ignore");
	if (some.length === 0) return stdio;
	nothing ??= openSync("/dev/null", "r+");
	const length = Math.max(stdio.length, ...some.map((fd) => fd + 1));
	return Array.from({ length }, (_, fd) => (some.includes(fd) ? nothing : (stdio[fd] ?? "ignore"))) as T;
}
