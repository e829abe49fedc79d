// Run the bundle, or the sources of a checkout in which there is none or one of them is newer. HOLDFAST_BUNDLE names a
// bundle that is elsewhere.
//
// Of a bundle nothing is compiled twice: what V8 had compiled when a command went well is kept in the user's own cache
// folder, a file for each command, and is there at once the next time. (Node's own compile cache holds what is compiled
// while a file is loaded, and nothing of what is compiled when it is first called: of a lazy bundle, the greater part.)
const fs = require("node:fs");
const { Module } = require("node:module");
const { dirname, join } = require("node:path");
const { constants, Script } = require("node:vm");

const bundle = process.env.HOLDFAST_BUNDLE || freshBundle(join(__dirname, ".."));
if (bundle) {
	// A deploy sends both to other machines.
	process.env.HOLDFAST_BUNDLE = bundle;
	process.env.HOLDFAST_START = __filename;
	run(bundle);
} else {
	import("../src/cli/main.ts");
}

function run(file) {
	const kept = keptCode(file);
	const script = new Script(Module.wrap(fs.readFileSync(file, "utf8")), {
		filename: file,
		cachedData: kept.code,
		importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
	});
	// V8 itself refuses what another version of it has compiled.
	if (kept.file && (!kept.code || script.cachedDataRejected))
		process.once("exit", (code) => {
			if (code === 0) keepCode(kept, script.createCachedData());
		});
	const own = new Module(file, module);
	own.filename = file;
	own.paths = module.paths;
	script.runInThisContext().call(own.exports, own.exports, require, own, file, dirname(file));
}

/** Where this command's code is kept, under which key, and the code when it is whole and of this very bundle. */
function keptCode(bundleFile) {
	const [command = ""] = process.argv.slice(2);
	const folder = cacheFolder();
	if (!folder || !/^[a-z_-]{1,24}$/.test(command)) return {};
	const { size, mtimeMs, ctimeMs, ino } = fs.statSync(bundleFile);
	const file = join(folder, command);
	const key = [bundleFile, size, mtimeMs, ctimeMs, ino].join(" ");
	try {
		if (fs.statSync(file).uid !== process.getuid()) return {};
		const bytes = fs.readFileSync(file);
		const end = bytes.indexOf("\n");
		const code = bytes.subarray(end + 1);
		// V8 takes a damaged one at its word.
		const isOurs = bytes.toString("utf8", 0, end) === headOf(key, code);
		return { file, key, code: isOurs ? code : undefined };
	} catch {
		return { file, key };
	}
}

/** Two that write at once may spoil it: then the checksum says so. */
function keepCode({ file, key }, code) {
	const draft = `${file}.new`;
	try {
		fs.mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
		fs.writeFileSync(draft, Buffer.concat([Buffer.from(`${headOf(key, code)}\n`), code]), { mode: 0o600 });
		fs.renameSync(draft, file);
		return;
	} catch {
		// It costs time, and nothing else.
	}
	try {
		fs.rmSync(draft, { force: true });
	} catch {
		// The disk is read-only by now.
	}
}

function headOf(key, code) {
	return `${require("node:zlib").crc32(code)} ${key}`;
}

/** See src/host/places.ts. */
function cacheFolder() {
	const { HOLDFAST_CACHE_DIR, XDG_CACHE_HOME, HOME } = process.env;
	if (HOLDFAST_CACHE_DIR) return join(HOLDFAST_CACHE_DIR, "code");
	if (process.getuid() === 0) return "/var/cache/holdfast/code";
	if (XDG_CACHE_HOME) return join(XDG_CACHE_HOME, "holdfast/code");
	return HOME ? join(HOME, ".cache/holdfast/code") : undefined;
}

function freshBundle(root) {
	try {
		const { mtimeMs } = fs.statSync(join(root, "dist/built"));
		return hasNewer(join(root, "src"), mtimeMs) ? undefined : join(root, "dist/holdfast.cjs");
	} catch {
		return undefined;
	}
}

/** An installed package has no sources to be newer. */
function hasNewer(folder, than) {
	const entries = fs.readdirSync(folder, { withFileTypes: true });
	if (fs.statSync(folder).mtimeMs > than) return true;
	return entries.some((entry) => {
		const path = join(folder, entry.name);
		return entry.isDirectory() ? hasNewer(path, than) : fs.statSync(path).mtimeMs > than;
	});
}
