// How engines with encrypted repositories treat a passphrase.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { repoOf, type Whole } from "./engines.ts";
import { metadataOf, quiet } from "./fixtures.ts";

/** The test that a wrong passphrase is reported together with the file it came from. */
export function namesWrongPassphrase(
	folder: string,
	open: (below: string, options?: { readonly passphraseFile: string }) => Whole,
): void {
	test("a wrong passphrase is said in those words, and where it came from", async () => {
		const below = join(folder, "wrong");
		const source = join(below, "source");
		mkdirSync(source, { recursive: true });
		writeFileSync(join(source, "file"), "x");
		const roots = [{ path: source, exclude: [] }];
		await open(below).create({ name: "a", roots, metadata: metadataOf("a") }, true, quiet);
		const wrong = join(below, "passphrase");
		writeFileSync(wrong, "battery staple\n");
		await assert.rejects(open(below, { passphraseFile: wrong }).list(quiet), {
			message: `the passphrase of ${repoOf(below)} is wrong`,
			hint: `it was read from ${wrong}`,
		});
	});
}

/** The `cmdline` or `environ` of every process (proc(5)), read twenty times a second while `work` runs. */
export async function processesWhile(
	files: readonly ("cmdline" | "environ")[],
	work: () => Promise<unknown>,
): Promise<string> {
	const seen: string[] = [];
	const script = `cat ${files.map((file) => `/proc/[0-9]*/${file}`).join(" ")} | tr '\\0' '\\n'; true`;
	const watch = setInterval(() => {
		seen.push(execFileSync("sh", ["-c", script], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
	}, 50);
	try {
		await work();
	} finally {
		clearInterval(watch);
	}
	return seen.join("\n");
}
