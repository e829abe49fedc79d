// Bundle the program into dist/holdfast.cjs, and what starts it into dist/start.cjs. One file of CommonJS: each module in it, and each of Node's own that it
// asks for, is run only when it is first needed, which is what makes a short command start fast.
// dist/ holds no behaviour of its own; bin/holdfast runs the sources whenever they are newer.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
const out = join(root, "dist");

rmSync(out, { recursive: true, force: true });
await build({
	entryPoints: { holdfast: join(root, "src/cli/main.ts"), start: join(root, "src/cli/start.ts") },
	outdir: out,
	bundle: true,
	minifyWhitespace: true,
	legalComments: "linked",
	format: "cjs",
	platform: "node",
	target: "node24",
	// What the bundler makes of it in a loop throws in each later round what one round has thrown.
	supported: { using: true },
	outExtension: { ".js": ".cjs" },
	logLevel: "warning",
});
writeFileSync(join(out, "built"), "");
