// Where filesystems are mounted.
import { readFile } from "node:fs/promises";

/** From the kernel's table (proc(5), mountinfo): the fifth field, with spaces and the like as octal escapes. */
export async function mountPoints(): Promise<string[]> {
	const table = await readFile("/proc/self/mountinfo", "utf8");
	return table
		.split("\n")
		.flatMap((line) => line.split(" ")[4] ?? [])
		.map((field) =>
			field.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
		);
}

/** Whether something is mounted at this folder; false for one that is not there. */
export async function isMountPoint(folder: string): Promise<boolean> {
	return (await mountPoints()).includes(folder.replace(/(?<=.)\/+$/, ""));
}
