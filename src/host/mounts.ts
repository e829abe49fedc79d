// Where filesystems are mounted.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";

export interface Mount {
	readonly id: string;
	/** The mount that it is mounted on. */
	readonly parent: string;
	/** Where it is. */
	readonly path: string;
	/** Of this mount alone: `rw`, `nosuid`, `nosymfollow` … */
	readonly options: readonly string[];
	/** `ext4`, `tmpfs`, `proc` … */
	readonly type: string;
}

/** From the kernel's table (proc(5), mountinfo): paths with spaces and the like as octal escapes. */
export function mountsOf(process: number | "self"): Mount[] {
	return parse(readFileSync(`/proc/${process}/mountinfo`, "utf8"));
}

export async function mountPoints(): Promise<string[]> {
	return parse(await readFile("/proc/self/mountinfo", "utf8")).map(({ path }) => path);
}

function parse(table: string): Mount[] {
	return table.split("\n").flatMap((line) => {
		const [id, parent, , , path, options, ...rest] = line.split(" ");
		if (id === undefined || parent === undefined || path === undefined || options === undefined) return [];
		const type = rest[rest.indexOf("-") + 1] ?? "";
		return [
			{ id, parent, path: path.replace(/\\([0-7]{3})/g, unescaped), options: options.split(","), type },
		];
	});
}

const unescaped = (_: string, octal: string) => String.fromCharCode(Number.parseInt(octal, 8));

/** Whether something is mounted at this folder; false for one that is not there. */
export async function isMountPoint(folder: string): Promise<boolean> {
	return (await mountPoints()).includes(folder.replace(/(?<=.)\/+$/, ""));
}
