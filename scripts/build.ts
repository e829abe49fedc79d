// Bundle the program into dist/: one small entry, and a piece for everything that is loaded lazily.
// dist/ holds no behaviour of its own; bin/holdfast runs the sources whenever they are newer.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
const out = join(root, "dist");

rmSync(out, { recursive: true, force: true });
await build({
	entryPoints: { holdfast: join(root, "src/cli/main.ts") },
	outdir: out,
	bundle: true,
	splitting: true,
	legalComments: "linked",
	format: "esm",
	platform: "node",
	target: "node24",
	outExtension: { ".js": ".mjs" },
	// A dependency written for CommonJS asks for Node's own modules through `require`.
	banner: {
		js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
	},
	logLevel: "warning",
});
writeFileSync(join(out, "built"), "");
