// V8's compiled code of the program, which only saves time, is the same on every machine: a new machine starts with
// the code of earlier ones.
import { randomUUID } from "node:crypto";
import { copyFile, mkdir, open, readdir, rename } from "node:fs/promises";
import { join } from "node:path";

const KEPT = join(import.meta.dirname, "../../node_modules/.cache/holdfast-machine-code");
const IN_MACHINE = "var/cache/holdfast/code";

export async function bringCode(root: string): Promise<void> {
	await mkdir(join(root, IN_MACHINE), { recursive: true, mode: 0o700 });
	for (const name of await namesIn(KEPT)) await copyFile(join(KEPT, name), join(root, IN_MACHINE, name));
}

/** A program that a deploy installed has another path and counts as another program. */
export async function keepCode(root: string): Promise<void> {
	await mkdir(KEPT, { recursive: true });
	for (const name of await namesIn(join(root, IN_MACHINE))) {
		const [from, to] = [join(root, IN_MACHINE, name), join(KEPT, name)];
		const head = await headOf(from);
		if (!head.includes(" /opt/holdfast/") || head === (await headOf(to))) continue;
		// Other machines and test files may write or read it at the same time.
		const draft = join(KEPT, `.${name}-${randomUUID()}`);
		await copyFile(from, draft);
		await rename(draft, to);
	}
}

async function namesIn(folder: string): Promise<string[]> {
	return (await readdir(folder).catch(() => [])).filter((name) => /^[a-z_-]+$/.test(name));
}

/** The first line: a checksum, and the program that it belongs to. */
async function headOf(file: string): Promise<string> {
	const opened = await open(file).catch(() => undefined);
	if (opened === undefined) return "";
	await using _ = opened;
	const { buffer, bytesRead } = await opened.read(Buffer.alloc(500), 0, 500, 0);
	return buffer.toString("utf8", 0, bytesRead).split("\n", 1)[0] ?? "";
}
