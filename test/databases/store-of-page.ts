// The stores that docs/how-to/databases.md shows, for tests with the real programs.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";

const PAGE = join(import.meta.dirname, "../../docs/how-to/databases.md");

interface Shown {
	readonly folders: readonly string[];
	readonly exclude?: readonly string[];
	readonly dumps: readonly [Readonly<Record<string, unknown>>];
	readonly stopOnRestore: readonly string[];
}

/** The state of this name, as the page declares it. */
export function storeOfPage(state: string): Shown {
	const blocks = [...readFileSync(PAGE, "utf8").matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text]) =>
		text === undefined ? undefined : (load(text) as { state?: Record<string, Shown> }),
	);
	const shown = blocks.find((block) => block?.state?.[state] !== undefined)?.state?.[state];
	assert.ok(shown, `the page has no state ${state}`);
	return shown;
}
