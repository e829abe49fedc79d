// The test files that a test file imports, directly or indirectly: they determine the tier of a test.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Whether this is true of a file, or of one that it imports directly or indirectly, outside `src`. */
export function isOrImports(file: string, is: (file: string) => boolean, seen = new Set<string>()): boolean {
	if (is(file)) return true;
	if (seen.has(file) || !file.startsWith(import.meta.dirname)) return false;
	seen.add(file);
	return importsOf(file).some((one) => isOrImports(one, is, seen));
}

const imported = new Map<string, readonly string[]>();
function importsOf(file: string): readonly string[] {
	const known = imported.get(file);
	if (known !== undefined) return known;
	const text = readFileSync(file, "utf8");
	const names = [...text.matchAll(/(?:from|import)\s*\(?"(\.{1,2}\/[^"]+\.ts|node:child_process)"/g)];
	const found = names
		.map(([, name = ""]) => (name.startsWith(".") ? join(dirname(file), name) : name))
		// A file that does not exist appears in a text that a test writes.
		.filter((name) => !name.startsWith("/") || existsSync(name));
	imported.set(file, found);
	return found;
}
