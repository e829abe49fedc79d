// Formats what a deploy would change.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exec } from "../host/exec.ts";
import type { Desired } from "./deployment.ts";
import { type Target, textOf } from "./target.ts";

/** One line per file, with a diff for files that people read. */
export async function changesOf(
	target: Target,
	{ files }: Desired,
	there: ReadonlyMap<string, string>,
	known: { readonly files: readonly { readonly path: string; readonly stays: boolean }[] } | undefined,
): Promise<string[]> {
	const gone = (known?.files ?? []).filter(
		({ path, stays }) => !stays && !files.some((file) => file.path === path),
	);
	const lines: string[] = [];
	for (const { path, content, sha256, shown } of files) {
		const hash = there.get(path);
		if (hash === sha256) continue;
		lines.push(`${hash === undefined ? "+" : "~"} ${path}`);
		if (hash !== undefined && shown && "text" in content)
			for (const line of await difference((await textOf(target, path)) ?? "", content.text)) lines.push(line);
	}
	return [...lines, ...gone.map(({ path }) => `- ${path}`)];
}

/** For a file that people read. Its current content may be anything. */
const MAX_LINES = 500;

async function difference(before: string, after: string): Promise<string[]> {
	const folder = await mkdtemp(join(tmpdir(), "holdfast-diff-"));
	try {
		await writeFile(join(folder, "before"), before, { mode: 0o600 });
		await writeFile(join(folder, "after"), after, { mode: 0o600 });
		const lines: string[] = [];
		await exec(["diff", "-U1", "before", "after"], {
			cwd: folder,
			onStdout: (line) => {
				if (lines.length <= MAX_LINES && !/^(---|\+\+\+) /.test(line)) lines.push(`    ${line}`);
			},
		});
		return lines.length > MAX_LINES ? [...lines.slice(0, MAX_LINES), "    …"] : lines;
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}
