// Names, logs and archives are untrusted text. On a terminal, none of it moves the cursor, sets the title, reverses
// the line, or looks like one of our lines; for programs it stays unchanged.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { load } from "js-yaml";
import { adoptedConfig } from "../../src/config/write.ts";
import type { Manifest } from "../../src/manifest/schema.ts";
import { metricsText } from "../../src/report/metrics.ts";
import { jsonText, printable, printableLine } from "../../src/values/printable.ts";
import { fleetOf } from "../support/fleet.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { type Drawn, onTerminal } from "../support/terminal.ts";

const HOLDFAST = process.env.HOLDFAST_UNDER_TEST ?? join(import.meta.dirname, "../../bin/holdfast");
const folder = scratch("terminal");

/** Sets the title, moves up a line and erases it, adds colours, reverses, hides; then a line like one of ours. */
const EVIL = "\u001b]0;pwned\u0007\u001b[1A\u001b[2K\u009b31m\u202eevil\u200b\u2066\r\n✔ all is well";
/** The same as a word of printf(1). */
const PRINTF =
	"\\033]0;pwned\\007\\033[1A\\033[2K\\302\\23331m\\342\\200\\256evil\\342\\200\\213\\342\\201\\246\\r\\n✔ all is well";

function assertHarmless({ text }: Pick<Drawn, "text">, what: string): void {
	const shown = `${what}: ${JSON.stringify(text)}`;
	assert.ok(!text.includes("\u001b]"), `a title: ${shown}`);
	assert.ok(!text.includes("\u001b[1A\u001b[2K\u009b"), `the cursor: ${shown}`);
	assert.doesNotMatch(text, /[\u0080-\u009f\u202e\u200b\u2066]/, `a control character: ${shown}`);
	assert.doesNotMatch(text, /\r(?![\n\r])/, `an overwritten line: ${shown}`);
	assert.doesNotMatch(text, /^✔ all is well/m, `a line of ours: ${shown}`);
}

class Stage extends Place {
	show(...words: string[]): Promise<Drawn> {
		return this.typing("n", ...words);
	}
	typing(answer: string, ...words: string[]): Promise<Drawn> {
		return onTerminal([HOLDFAST, ...words], { cwd: this.folder, env: this.env, answer });
	}
}

test("file names: browse, diff, and what is under way", async () => {
	const place = new Stage(folder);
	place.write(`data/${EVIL.replaceAll("/", "")}`, "x".repeat(100));
	place.declare({ state: { data: { folders: [place.path("data")] } } });
	assertHarmless(await place.show("create"), "create");
	const browsed = await place.show("archives", "browse", "latest");
	assertHarmless(browsed, "browse");
	assert.match(browsed.text, /\\x1b\]0;pwned\\x07/, "it is shown, written out");
	place.write(`data/new${EVIL.replaceAll("/", "")}`, "x");
	assertHarmless(await place.show("diff", "tar", "latest"), "diff");
	const { stdout } = await place.holdfast("archives", "browse", "latest", "--json");
	assert.doesNotMatch(stdout, /[\u0080-\u009f\u202e\u200b]/);
	const paths = stdout
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line).path);
	assert.ok(
		paths.some((path) => path.endsWith(EVIL)),
		"the value is what it was",
	);
});

test("what hooks and engines print: the run, its record, a mail", async () => {
	const place = new Stage(folder);
	place.write("data/file", "x");
	place.write("hook.sh", `printf '${PRINTF}\\n${PRINTF}\\n'; printf '${PRINTF}\\n' >&2; exit 1`);
	place.write("engine.sh", `printf '${PRINTF}\\n' >&2; exit 1`);
	const script = (name: string) => `sh ${place.path(name)}`;
	place.declare({
		state: {
			data: { folders: [place.path("data")] },
			bad: {
				folders: [place.path("data")].map((one) => `${one}/sub`),
				hooks: { preBackup: script("hook.sh") },
			},
		},
		providers: {
			tar: { destinations: { disk: { path: place.path("archives") } } },
			mine: {
				type: "command",
				list: script("engine.sh"),
				create: script("engine.sh"),
				restore: script("engine.sh"),
			},
		},
	});
	mkdirSync(place.path("data/sub"));
	const made = await place.show("create");
	assert.equal(made.code, 3, made.text);
	assertHarmless(made, "create");
	assertHarmless(await place.show("list"), "list");
	assertHarmless(await place.show("status"), "status");
	const [row] = JSON.parse((await place.holdfast("runs", "--json")).stdout);
	assertHarmless(await place.show("runs", "show", row.id), "runs show");
	assertHarmless({ text: (await place.holdfast("create")).stderr }, "create, into a pipe");
});

test("what an archive says of itself, and the question about it", async () => {
	const place = new Stage(folder);
	place.write("data/file", "x");
	place.declare({ state: { data: { folders: [place.path("data")] } } });
	assert.equal((await place.holdfast("create")).code, 0);
	const file = readdirSync(place.path("archives"), { recursive: true, encoding: "utf8" })
		.map((name) => place.path("archives", name))
		.find((name) => name.endsWith("index.json"));
	assert.ok(file);
	const index = JSON.parse(readFileSync(file, "utf8"));
	const { metadata } = index;
	metadata.states[EVIL] = { outcome: EVIL, folders: [EVIL], reason: EVIL };
	metadata.states.data = { ...metadata.states.data, outcome: EVIL, reason: EVIL };
	metadata.maker = { holdfast: EVIL, user: EVIL, host: EVIL };
	metadata.hold = { reason: EVIL, since: EVIL };
	writeFileSync(file, JSON.stringify(index));
	for (const words of [
		["list"],
		["archives", "show", "latest"],
		["archives", "show", EVIL],
		["restore", "--service", "data", "tar", "latest"],
		["diff", "tar", "latest"],
		["restore", "tar", EVIL],
		["adopt", place.path("archives"), "--dry-run"],
	])
		assertHarmless(await place.show(...words), words.join(" "));
});

test("what is typed, and where one stands", async () => {
	const stand = join(folder, EVIL.replaceAll("/", ""));
	mkdirSync(stand);
	writeFileSync(
		join(stand, "holdfast.yaml"),
		`machines: { "${PRINTF}": { state: {} }, web01: { sta\u202ete: 1 } }`,
	);
	const env = {
		...process.env,
		HOLDFAST_STATE_DIR: join(folder, "s"),
		HOLDFAST_RUNTIME_DIR: join(folder, "r"),
	};
	for (const words of [
		["validate"],
		["validate", "--config", join(stand, "holdfast.yaml")],
		[EVIL],
		["list", EVIL],
		["list", `--${EVIL}`],
		["create", "--wait", EVIL],
		["runs", "show", EVIL],
		["modules", "show", EVIL],
		["completion", EVIL],
		["validate", "--config", `/nowhere/${EVIL}`],
		["notify", "--unit", EVIL],
	])
		assertHarmless(await onTerminal([HOLDFAST, ...words], { cwd: stand, env }), words.join(" "));
});

test("help keeps its own styles on a terminal", async () => {
	const { text } = await onTerminal([HOLDFAST, "create", "--help"], { cwd: folder, env: process.env });
	assert.ok(text.includes("\u001b[4mUSAGE\u001b[24m"), text);
	assert.doesNotMatch(text, /\\x1b/);
});

test("many machines, one of which shouts", async () => {
	const place = join(folder, "fleet");
	mkdirSync(place);
	await fleetOf(place, ["shouting", "scolding"]);
	const env = { ...process.env, HOLDFAST_STATE_DIR: join(folder, "operator") };
	const argv = [HOLDFAST, "create", "shouting", "honest", "--config", join(place, "holdfast.json")];
	assertHarmless(await onTerminal(argv, { cwd: place, env }), "create");
	const one = [HOLDFAST, "create", "shouting", "--config", join(place, "holdfast.json")];
	assertHarmless(await onTerminal(one, { cwd: place, env }), "create on one");
});

test("whatever a text holds, what is shown of it is one tame line, and JSON and YAML keep its value", () => {
	const text = fc.string({ unit: "binary", maxLength: 30 });
	fc.assert(
		fc.property(text, text, (one, other) => {
			assert.doesNotMatch(printable(one), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
			assert.doesNotMatch(printableLine(one), /[^\P{Cc}\t]|[\p{Cf}\p{Zl}\p{Zp}]/u);
			const json = jsonText({ [one]: other }, 2);
			assert.deepEqual(JSON.parse(json), { [one]: other });
			assert.doesNotMatch(json, /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u);
		}),
	);
	const manifest = (folders: string[]): Manifest => ({
		version: 1,
		machine: "web01",
		providers: {},
		state: { a: { folders } } as unknown as Manifest["state"],
	});
	fc.assert(
		fc.property(
			fc.array(fc.string({ unit: "grapheme", maxLength: 30 }), { minLength: 1 }),
			text,
			(folders, name) => {
				const yaml = adoptedConfig(manifest(folders), {
					newest: { name },
					provider: name,
					destination: name,
					commands: [],
				});
				assert.doesNotMatch(yaml, /[^\P{Cc}\n\t]|[\p{Cf}\p{Zl}\p{Zp}]/u);
				const { machines } = load(yaml) as { machines: { web01: { state: { a: { folders: string[] } } } } };
				assert.deepEqual(machines.web01.state.a.folders, folders);
			},
		),
	);
});

test("a label stays a label, and a line of metrics one line", () => {
	const metrics = metricsText({
		machine: `web"} 1\nholdfast_problems 0 #\\`,
		time: "",
		archives: [],
		runs: [],
		problems: ["one"],
	});
	assert.equal(metrics.trim().split("\n").length, 3);
	assert.match(metrics, /^holdfast_problems\{machine="web\\"\} 1\\\\nholdfast_problems 0 #\\\\"\} 1$/m);
});

test("the lint finds every other way to the terminal", () => {
	const root = join(import.meta.dirname, "../..");
	const project = join(folder, "lint");
	for (const name of ["scripts", "src/cli", "src/report"])
		mkdirSync(join(project, name), { recursive: true });
	for (const name of ["biome.json", "scripts/one-door.grit"])
		copyFileSync(join(root, name), join(project, name));
	const ways = [
		"process.stdout.write(text);",
		"process.stderr.write(text);",
		'process["stdout"].write(text);',
		"console.log(text);",
		"console.error(text);",
		"writeSync(1, text);",
		"fs.writeSync(2, text);",
		'writeFileSync("/dev/tty", text);',
		"const { stdout } = process;",
		"globalThis.process.exit();",
		'spawn("x", { stdio: "inherit" });',
		'import { createInterface } from "node:readline";',
		'const { createLogUpdate } = await import("log-update");',
	];
	for (const [index, way] of ways.entries())
		writeFileSync(join(project, `src/cli/way-${index}.ts`), `${way}\n`);
	writeFileSync(join(project, "src/report/terminal.ts"), "process.stdout.write(text);\n");
	const argv = ["lint", "--reporter=json", "--max-diagnostics=none", "src"];
	const { stdout } = spawnSync(join(root, "node_modules/.bin/biome"), argv, {
		cwd: project,
		encoding: "utf8",
	});
	const found = (JSON.parse(stdout).diagnostics as { category: string; location: { path: unknown } }[])
		.filter(({ category }) => category === "plugin")
		.map(({ location }) => JSON.stringify(location.path));
	for (const [index, way] of ways.entries())
		assert.ok(
			found.some((path) => path.includes(`way-${index}.ts`)),
			way,
		);
	assert.ok(!found.some((path) => path.includes("terminal.ts")));
});
