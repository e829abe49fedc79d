// A folder for a test, removed when its file's tests are done.
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

export function scratch(name: string): string {
	const folder = realpathSync(mkdtempSync(join(tmpdir(), `holdfast-${name}-`)));
	after(() => rmSync(folder, { recursive: true, force: true }));
	return folder;
}
