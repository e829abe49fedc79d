// Runs the bundle, or the sources of a checkout in which one of them is newer than it. HOLDFAST_BUNDLE names a bundle that
// is elsewhere. scripts/build.ts makes dist/start.cjs of this file, so it runs from there.
//
// Nothing in the bundle is compiled twice: what V8 had compiled by the end of a successful command is kept. Node's own
// compile cache holds only what is compiled while a file is loaded: of a lazy bundle, the smaller part (decision 15).
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire, Module } from "node:module";
import { dirname, join } from "node:path";
import { constants, Script } from "node:vm";
import { compiledCode, keepCode } from "../host/compiled-code.ts";

const root = join(__dirname, "..");
const bundle = process.env.HOLDFAST_BUNDLE || freshBundle();
if (bundle) {
	// A deploy sends both to other machines.
	process.env.HOLDFAST_BUNDLE = bundle;
	process.env.HOLDFAST_START = __filename;
	run(bundle);
} else import(join(root, "src/cli/main.ts"));

function run(file: string): void {
	const kept = compiledCode(file, process.argv[2] ?? "");
	// The bundler escapes what is not ASCII, and Latin-1 is read three times as fast as UTF-8.
	const script = new Script(Module.wrap(readFileSync(file, "latin1")), {
		filename: file,
		cachedData: kept?.code,
		importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
	});
	// V8 rejects what another version of it has compiled.
	if (kept && (!kept.code || script.cachedDataRejected))
		process.once("exit", (code) => {
			// It is gone after an undeploy.
			if (code === 0 && existsSync(file)) keepCode(kept, script.createCachedData());
		});
	const own = { exports: {} };
	const load: (...scope: unknown[]) => void = script.runInThisContext();
	load.call(own.exports, own.exports, createRequire(file), own, file, dirname(file));
}

function freshBundle(): string | undefined {
	const sources = join(root, "src");
	const built = join(root, "dist/holdfast.cjs");
	// An installed package has none, and Node would not run them below node_modules.
	if (!existsSync(sources)) return built;
	try {
		const { mtimeMs } = statSync(join(root, "dist/built"));
		return hasNewer(sources, mtimeMs) ? undefined : built;
	} catch {
		return undefined;
	}
}

function hasNewer(folder: string, than: number): boolean {
	if (statSync(folder).mtimeMs > than) return true;
	return readdirSync(folder, { withFileTypes: true }).some((entry) => {
		const path = join(folder, entry.name);
		return entry.isDirectory() ? hasNewer(path, than) : statSync(path).mtimeMs > than;
	});
}
