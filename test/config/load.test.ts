// Every mistake in a config is reported with its file, line and column, and how to fix it.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { loadMachines } from "../../src/config/load.ts";
import { HoldfastError } from "../../src/values/error.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-config-"));
after(() => rmSync(folder, { recursive: true }));

async function faultOf(text: string, extension = "yaml"): Promise<string> {
	const file = join(folder, `holdfast-${Math.random()}.${extension}`);
	writeFileSync(file, text);
	try {
		await loadMachines(file);
	} catch (error) {
		assert.ok(error instanceof HoldfastError, String(error));
		assert.equal(error.code, "config-invalid");
		assert.equal(error.exit, "usage");
		return [error.message.replace(`${file}:`, ""), ...error.details].join("\n");
	}
	assert.fail("the config was accepted");
}

const machine = (rest: string) => `machines:\n  web01:\n${rest}`;
const state = (rest: string) => machine(`    state:\n      notes:\n${rest}`);

test("a whole config becomes a manifest with its short forms resolved", async () => {
	const file = join(folder, "whole.yaml");
	writeFileSync(
		file,
		`machines:
  web01:
    state:
      notes:
        folders: [/srv/notes, "/srv/ü:b c"]
        hooks:
          preBackup: echo hello
          postBackup: [echo, "a b"]
          postRestore: { script: echo, user: nobody, timeout: 2m }
        stopOnRestore: [notes, { unit: x.service, user: alice }]
    providers:
      tar: { destinations: { disk: { path: /backup } } }
`,
	);
	const machines = await loadMachines(file);
	assert.deepEqual(JSON.parse(JSON.stringify(machines.get("web01"))), {
		version: 1,
		machine: "web01",
		state: {
			notes: {
				folders: ["/srv/notes", "/srv/ü:b c"],
				exclude: [],
				dumps: [],
				hooks: {
					preBackup: { script: "echo hello", timeout: 3600 },
					postBackup: { command: ["echo", "a b"], timeout: 3600 },
					postRestore: { script: "echo", user: "nobody", timeout: 120 },
				},
				stopOnBackup: [],
				stopOnRestore: [{ unit: "notes.service" }, { unit: "x.service", user: "alice" }],
				after: [],
				settle: 3,
				healthChecks: [],
			},
		},
		providers: { tar: { type: "tar", destinations: { disk: { path: "/backup" } } } },
	});
});

test("a hook or health check runs as one user", async () => {
	for (const state of [
		"hooks: { preBackup: { script: x, user: nobody, asOwnerOf: /srv/a } }",
		"healthChecks: [{ script: x, user: nobody, asOwnerOf: /srv/a }]",
	])
		assert.match(
			await faultOf(`machines: { web01: { state: { a: { folders: [/srv/a], ${state} } } } }\n`),
			/`user` and `asOwnerOf` exclude each other/,
		);
});

test("broken YAML names the line and quotes it", async () => {
	const fault = await faultOf("machines:\n  web01: [\n  x: y\n");
	assert.match(fault, /^\d+:\d+: /);
	assert.match(fault, /\d+ \| /);
	const deeper = await faultOf(machine("    host: root@web01\n      tags: [web]\n"));
	assert.match(deeper, /^4:\d+: .*indentation/);
	assert.match(deeper, /4 \| {7}tags: \[web\]/);
});

test("an unknown key names its place and the key that was meant", async () => {
	const fault = await faultOf(state("        folder: [/srv]\n"));
	assert.match(fault, /5:9: unknown key "folder"; did you mean "folders"\?/);
	assert.match(fault, /5 \| {9}folder: \[\/srv\]/);
});

test("keys that 0.1.0 had other names for: in a config the new one is named, a manifest is read", async () => {
	const checks = "        folders: [/srv/a]\n        checks: [{ command: [x] }]\n";
	assert.match(await faultOf(state(checks)), /unknown key "checks"; did you mean "healthChecks"\?/);
	const expect = "        folders: [/srv/a]\n        expect: 2h\n";
	assert.match(await faultOf(state(expect)), /unknown key "expect"; did you mean "maxAge"\?/);
	const file = join(folder, "manifest.json");
	const old = {
		folders: ["/srv/a"],
		exclude: [],
		dumps: [],
		hooks: {},
		stopOnBackup: [],
		stopOnRestore: [],
		after: [],
		settle: 3,
		checks: [{ command: ["x"], within: 1 }],
		expect: 60,
	};
	const tar = { type: "tar", destinations: { disk: { path: "/backup" } }, expect: "8d" };
	writeFileSync(
		file,
		JSON.stringify({ version: 1, machine: "web01", expect: 3600, state: { a: old }, providers: { tar } }),
	);
	const loaded = (await loadMachines(file)).get("web01");
	assert.equal(loaded?.maxAge, 3600);
	assert.equal(loaded?.state.a?.maxAge, 60);
	assert.deepEqual(loaded?.state.a?.healthChecks, [{ command: ["x"], within: 1 }]);
	const provider: { readonly maxAge?: string | undefined } | undefined = loaded?.providers.tar;
	assert.equal(provider?.maxAge, "8d");
});

test("an unknown key inside a hook's object is named too", async () => {
	const fault = await faultOf(
		state("        folders: [/srv/a]\n        hooks:\n          preBackup: { script: x, usr: root }\n"),
	);
	assert.match(fault, /unknown key "usr"; did you mean "user"\?/);
});

for (const [folderText, expected] of [
	["srv/notes", /is relative.*"\/srv\/notes"/],
	["/", /entire machine/],
	["/proc/1", /kernel/],
	["/run/x", /kernel/],
	["/srv/../etc", /write "\/etc" instead/],
	["/srv/notes/", /write "\/srv\/notes" instead/],
] as const) {
	test(`the folder ${folderText} is refused`, async () => {
		assert.match(await faultOf(state(`        folders: [${folderText}]\n`)), expected);
	});
}

test("a list in the place of a map is a fault", async () => {
	const providers = "providers: { tar: { destinations: { d: { path: /b } } } }";
	for (const [machine, at] of [
		[`state: { a: [null] }, ${providers}`, "state.a"],
		[`state: { a: { folders: [/srv/a], hooks: [x] } }, ${providers}`, "state.a.hooks"],
		[
			`state: { a: { folders: [/srv/a] } }, providers: { tar: { type: tar, destinations: { d: [x] } } }`,
			"destinations.d",
		],
	] as const) {
		const said = await faultOf(`machines: { web01: { ${machine} } }`);
		assert.match(said, /expected a map, found a list/);
		assert.ok(said.includes(at), said);
	}
});

test("two states that own one folder are refused, both named; one within the other's is allowed", async () => {
	const fault = await faultOf(
		machine("    state:\n      a: { folders: [/srv/x] }\n      b: { folders: [/srv/x] }\n"),
	);
	assert.match(fault, /5:\d+: "\/srv\/x" already belongs to state "a"/);
	const file = join(folder, "nested.yaml");
	writeFileSync(
		file,
		machine("    state:\n      a: { folders: [/srv/x] }\n      b: { folders: [/srv/x/y] }\n"),
	);
	assert.equal((await loadMachines(file)).size, 1);
	const twice = await faultOf(state("        folders: [/srv/x, /srv/x/y]\n"));
	assert.match(twice, /overlap/);
});

test("states that wait for each other are named as a cycle", async () => {
	const fault = await faultOf(
		machine(
			"    state:\n      a: { folders: [/srv/a], after: [b] }\n      b: { folders: [/srv/b], after: [a] }\n",
		),
	);
	assert.match(fault, /a → b → a/);
});

test("a key that occurs twice is named, and a list in place of the config has its line", async () => {
	assert.match(
		await faultOf('{ "machines": {},\n "machines": {} }', "json"),
		/2:2: the key "machines" occurs twice/,
	);
	assert.match(await faultOf("# machines\n- web01\n"), /2:3: a config must be a map .*, not a list/);
	assert.match(await faultOf("export default [];\n", "ts"), /a config must be a map .*, not a list/);
});

test("an unknown engine lists those there are", async () => {
	const fault = await faultOf(machine("    providers:\n      main: { type: borgbakup }\n"));
	assert.match(fault, /unknown type "borgbakup".*borgbackup/s);
});

test("a borg repository without a passphrase says what to add", async () => {
	const fault = await faultOf(
		machine("    providers:\n      borgbackup: { destinations: { a: { repo: /b } } }\n"),
	);
	assert.match(fault, /needs a passphrase; add passphraseFile/);
});

test("a database that cannot be as it is declared: twice, outside its folder, of a server that would be down", async () => {
	const states = (lines: string) => machine(`    state:\n${lines}`);
	assert.match(
		await faultOf(
			states("      a: { dumps: [{ postgresql: x }] }\n      b: { dumps: [{ postgresql: x }] }\n"),
		),
		/the PostgreSQL database x already belongs to state "a"/,
	);
	assert.match(
		await faultOf(states("      a: { folders: [/srv/a], dumps: [{ sqlite: /srv/b/x.db }] }\n")),
		/\/srv\/b\/x\.db is not in a folder of state "a"; add the folder that contains it: folders: \[\/srv\/b\]/,
	);
	assert.match(
		await faultOf(
			states(
				"      a: { dumps: [{ mariadb: x }] }\n      b: { folders: [/srv/b], stopOnBackup: [mariadb] }\n",
			),
		),
		/"mariadb" would be down while its databases are dumped/,
	);
	assert.match(
		await faultOf(states("      a: { dumps: [{ postgresql: postgres }] }\n")),
		/this is a system database of the server/,
	);
});

test("JSON and TypeScript configs locate their faults too", async () => {
	const json = await faultOf('{\n  "machines": {\n    "web 01": {}\n  }\n}', "json");
	assert.match(json, /3:5: "web 01" is not a valid name/);
	const typed = await faultOf(
		'export default {\n  machines: { web01: { state: { notes: {\n    folders: ["notes"] as string[],\n  } } } },\n};\n',
		"ts",
	);
	assert.match(typed, /3:\d+: "notes" is relative/);
});

test("a holdfast.ts imports defineConfig from holdfast, wherever it lies", async () => {
	const file = join(folder, "typed.ts");
	writeFileSync(
		file,
		`import { defineConfig } from "holdfast";
const folders: readonly string[] = ["/srv/notes"];
export default defineConfig({ machines: { web01: { state: { notes: { folders: [...folders] } } } } });
`,
	);
	const machines = await loadMachines(file);
	assert.deepEqual(machines.get("web01")?.state.notes?.folders, ["/srv/notes"]);
});
