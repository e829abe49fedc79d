// What `npm pack` makes: it is installed into an empty prefix, without a network, and run there. And what is said where Node
// is missing or too old.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
	chmodSync,
	cpSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { lineOf } from "../docs/page.ts";

const ROOT = join(import.meta.dirname, "../..");
const scratch = mkdtempSync(join(tmpdir(), "holdfast-package-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

function run(program: string, words: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = scratch) {
	return spawnSync(program, words, {
		cwd,
		encoding: "utf8",
		env: {
			PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
			HOME: join(scratch, "home"),
			HOLDFAST_STATE_DIR: join(scratch, "state"),
			HOLDFAST_RUNTIME_DIR: join(scratch, "run"),
			HOLDFAST_CACHE_DIR: join(scratch, "cache"),
			...env,
		},
	});
}

function good(program: string, words: readonly string[], cwd?: string): string {
	const { status, stdout, stderr } = run(program, words, {}, cwd);
	assert.equal(status, 0, `${basename(program)} ${words.join(" ")}: ${stdout}${stderr}`);
	return stdout;
}

/** A checkout of its own, since packing writes dist. */
function checkout(): string {
	const folder = join(scratch, "checkout");
	mkdirSync(folder);
	for (const name of ["bin", "scripts", "src", "LICENSE", "README.md", "tsconfig.json"])
		cpSync(join(ROOT, name), join(folder, name), { recursive: true });
	for (const name of ["package.json", "package-lock.json"]) cpSync(join(ROOT, name), join(folder, name));
	symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
	return folder;
}

const INSTALL = ["install", "--global", "--offline", "--no-audit", "--no-fund", "--prefix"];

describe("the package", () => {
	const prefix = join(scratch, "prefix");
	const installed = join(prefix, "lib/node_modules/holdfast");
	const holdfast = join(prefix, "bin/holdfast");
	let file: string;

	before(() => {
		mkdirSync(join(scratch, "home"));
		good("npm", ["pack", "--silent", "--pack-destination", scratch], checkout());
		file = join(scratch, readdirSync(scratch).find((name) => name.endsWith(".tgz")) ?? "");
		// As the page says it, but into the empty prefix.
		const settings = { npm_config_prefix: prefix, npm_config_offline: "true" };
		const { status, stderr } = run(
			"sh",
			["-c", lineOf("docs/how-to/install.md", /^npm install --global/)],
			settings,
		);
		assert.equal(status, 0, stderr);
	});

	test("holds the bundle and what it needs, and no sources", () => {
		assert.deepEqual(readdirSync(installed).sort(), ["LICENSE", "README.md", "bin", "dist", "package.json"]);
	});

	test("is the same for every architecture", () => {
		const files = readdirSync(installed, { recursive: true, withFileTypes: true }).filter((one) =>
			one.isFile(),
		);
		const compiled = files.filter(({ parentPath, name }) =>
			readFileSync(join(parentPath, name)).subarray(0, 4).equals(Buffer.from("\x7fELF")),
		);
		assert.deepEqual(
			compiled.map(({ name }) => name),
			[],
		);
	});

	test("validates, backs up and restores, with a config in TypeScript", () => {
		mkdirSync(join(scratch, "s"));
		writeFileSync(join(scratch, "s/a"), "a");
		const config = join(scratch, "holdfast.ts");
		writeFileSync(
			config,
			`import { defineConfig } from "holdfast";
			const path: string = ${JSON.stringify(join(scratch, "archives"))};
			export default defineConfig({ machines: { web01: {
				state: { s: { folders: [${JSON.stringify(join(scratch, "s"))}] } },
				providers: { tar: { type: "tar", destinations: { d: { path } } } } } } });`,
		);
		assert.match(good(holdfast, ["--version"]), /^\d+\.\d+\.\d+\n$/);
		assert.match(good(holdfast, ["validate", "--config", config]), /is valid: web01/);
		good(holdfast, ["create", "--config", config]);
		rmSync(join(scratch, "s/a"));
		good(holdfast, ["restore", "--config", config, "--yes", "tar", "latest"]);
		assert.deepEqual(readdirSync(join(scratch, "s")), ["a"]);
	});

	test("its exports have their types, and run outside of the program", () => {
		const folder = join(scratch, "project");
		mkdirSync(join(folder, "node_modules"), { recursive: true });
		symlinkSync(installed, join(folder, "node_modules/holdfast"));
		const line = (dataDir: string) =>
			`export default defineConfig({ machines: { web01: { services: { grafana: { dataDir: ${dataDir} } } } } });`;
		const text = `import { defineConfig, v } from "holdfast";
			v.parse(v.string(), "text");
			${line('"/srv"')}
			// @ts-expect-error a folder is a string
			${line("7").replace("export default", "export const other =")}`;
		writeFileSync(join(folder, "config.ts"), text);
		const options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--types", ""];
		good(join(ROOT, "node_modules/.bin/tsc"), [...options, "config.ts"], folder);
		good(process.execPath, ["config.ts"], folder);
	});

	test("is replaced by an upgrade, and leaves nothing when it is removed", () => {
		good("npm", [...INSTALL, prefix, file]);
		good(holdfast, ["--version"]);
		good("npm", ["uninstall", "--global", "--prefix", prefix, "holdfast"]);
		assert.deepEqual(readdirSync(join(prefix, "bin")), []);
		assert.deepEqual(
			readdirSync(join(prefix, "lib/node_modules")).filter((name) => !name.startsWith(".")),
			[],
		);
	});
});

describe("Node", () => {
	/** A folder with the launcher and a Node of that version first in PATH. */
	function launcher(name: string, version: string | undefined) {
		const folder = join(scratch, name);
		cpSync(join(ROOT, "bin"), join(folder, "bin"), { recursive: true });
		mkdirSync(join(folder, "path"));
		for (const tool of ["sh", "readlink"]) symlinkSync(`/bin/${tool}`, join(folder, "path", tool));
		if (version !== undefined) {
			const node = join(folder, "path/node");
			writeFileSync(node, `#!/bin/sh\n[ "$1" = --version ] && echo ${version} || echo started\n`);
			chmodSync(node, 0o755);
		}
		const start = (env: NodeJS.ProcessEnv = {}) =>
			run(join(folder, "bin/holdfast"), ["--version"], { PATH: join(folder, "path"), ...env });
		return { folder, start };
	}

	for (const [version, said] of [
		["v20.20.2", /path\/node is v20\.20\.2, and Holdfast needs Node 24 or later\n/],
		["v9.1.0", /is v9\.1\.0, and Holdfast needs Node 24/],
		[undefined, /node is not on this machine, and Holdfast needs Node 24 or later\n/],
	] as const) {
		test(`${version ?? "none"}: a package says where to get it`, () => {
			const { status, stdout, stderr } = launcher(`package-${version}`, version).start();
			assert.deepEqual([status, stdout], [1, ""]);
			assert.match(stderr, said);
			assert.match(
				stderr,
				/→ install one \(npm install --global node@24, or https:\/\/nodejs\.org\/en\/download\).* HOLDFAST_NODE=/,
			);
		});

		test(`${version ?? "none"}: a checkout says npm ci`, () => {
			const { folder, start } = launcher(`checkout-${version}`, version);
			writeFileSync(join(folder, "package-lock.json"), "{}");
			const { status, stderr } = start();
			assert.equal(status, 1);
			assert.match(stderr, said);
			assert.ok(stderr.includes(`→ run 'npm ci' in ${folder}, which brings one`), stderr);
		});
	}

	test("24 and later are used", () => {
		for (const version of ["v24.0.0", "v30.1.0", "v124.0.0"])
			assert.equal(launcher(`new-${version}`, version).start().stdout, "started\n");
	});

	test("one that HOLDFAST_NODE names is used, and looked at as well", () => {
		const { folder, start } = launcher("named", "v20.20.2");
		const named = start({ HOLDFAST_NODE: join(folder, "path/node") });
		assert.match(named.stderr, /path\/node is v20\.20\.2, and Holdfast needs Node 24/);
		assert.match(start({ HOLDFAST_NODE: "/no/node" }).stderr, /\/no\/node is not on this machine/);
	});
});
