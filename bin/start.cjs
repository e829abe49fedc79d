// Run the bundle in dist/, or the sources when there is no bundle or one of them is newer.
const { readdirSync, statSync } = require("node:fs");
const { enableCompileCache } = require("node:module");
const { join } = require("node:path");

const root = join(__dirname, "..");

if (bundleIsFresh()) {
	enableCompileCache(join(root, "dist/cache"));
	// A deploy sends it to other machines.
	process.env.HOLDFAST_BUNDLE = join(root, "dist/holdfast.cjs");
	require("../dist/holdfast.cjs");
} else {
	import("../src/cli/main.ts");
}

function bundleIsFresh() {
	try {
		const { mtimeMs } = statSync(join(root, "dist/built"));
		return !hasNewer(join(root, "src"), mtimeMs);
	} catch {
		return false;
	}
}

/** An installed package has no sources to be newer. */
function hasNewer(folder, than) {
	const entries = readdirSync(folder, { withFileTypes: true });
	if (statSync(folder).mtimeMs > than) return true;
	return entries.some((entry) => {
		const path = join(folder, entry.name);
		return entry.isDirectory() ? hasNewer(path, than) : statSync(path).mtimeMs > than;
	});
}
