// Bundle the program into dist/holdfast.cjs, and what starts it into dist/start.cjs. One file of CommonJS: each module in it, and
// each of Node's own that it asks for, is run only when it is first needed, which is what makes a short command start fast.
// dist/config.js is what other programs get that import "holdfast".
// dist/ holds no behaviour of its own; bin/holdfast runs the sources whenever they are newer.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";

const root = join(import.meta.dirname, "..");
const out = join(root, "dist");

// `npm pack` has put the types there first.
rmSync(join(out, "built"), { force: true });
const options: BuildOptions = {
	outdir: out,
	bundle: true,
	minifyWhitespace: true,
	legalComments: "linked",
	platform: "node",
	target: "node24",
	// What the bundler makes of it in a loop throws in each later round what one round has thrown.
	supported: { using: true },
	logLevel: "warning",
};
await build({
	...options,
	entryPoints: { holdfast: join(root, "src/cli/main.ts"), start: join(root, "src/cli/start.ts") },
	format: "cjs",
	outExtension: { ".js": ".cjs" },
});
await build({ ...options, entryPoints: { config: join(root, "src/config/define.ts") }, format: "esm" });
writeFileSync(join(out, "built"), "");
