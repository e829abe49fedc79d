// Every command's --json output, made by the real command, against the schema that `holdfast schema` prints.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import * as v from "valibot";
import { allCommands } from "../../src/cli/application.ts";
import { ERROR, outputsByCommand } from "../../src/cli/outputs/list.ts";
import type { Output } from "../../src/cli/outputs/output.ts";
import { fleetOf } from "../support/fleet.ts";
import { Place, type Output as Said } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("json");
const place = new Place(folder);
const outputs = await outputsByCommand(await allCommands());
const fleet = await fleetOf(folder, ["refusing"]);

/** The cases that a test has seen: `create --dry-run`, `status`. */
const seen = new Set<string>();

before(async () => {
	place.write("data/file", "precious");
	place.write("clan.json", JSON.stringify({ state: { notes: { name: "notes", folders: ["/srv/notes"] } } }));
	mkdirSync(place.path("look"));
	place.declare({
		state: { data: { folders: [place.path("data")] } },
		providers: {
			tar: { retention: { daily: 1 }, destinations: { disk: { path: place.path("archives") } } },
			localbackup: { destinations: { usb: { directory: place.path("snapshots") } } },
		},
	});
});

for (const [line, { name = line, when, code = 0, env = [] }] of Object.entries<Partial<Case>>({
	"create --dry-run": { name: "create", when: "--dry-run" },
	create: {},
	"backups create --dry-run": { name: "backups create", when: "--dry-run" },
	"backups create": {},
	list: {},
	"backups list": {},
	"restore --dry-run tar latest": { name: "restore", when: "--dry-run" },
	"restore --yes --keep-old 1h tar latest": { name: "restore" },
	"undo --dry-run latest": { name: "undo", when: "--dry-run" },
	"undo --yes latest": { name: "undo" },
	"backups restore --dry-run tar latest": { name: "backups restore", when: "--dry-run" },
	"backups restore --yes tar latest": { name: "backups restore" },
	"diff tar latest": { name: "diff" },
	recover: {},
	"check --dry-run": { name: "check", when: "--dry-run" },
	check: {},
	"archives show tar latest": { name: "archives show" },
	"archives browse tar latest": { name: "archives browse" },
	"archives extract tar latest DATA/file --into LOOK": { name: "archives extract" },
	"archives hold tar latest": { name: "archives hold" },
	"archives release tar latest": { name: "archives release" },
	"prune --dry-run --provider tar": { name: "prune", when: "--dry-run" },
	"prune --yes --provider tar": { name: "prune" },
	"recovery-sheet": {},
	"adopt ARCHIVES --dry-run": { name: "adopt" },
	"undeploy --dry-run": { name: "undeploy" },
	status: {},
	notify: {},
	attach: {},
	"runs list": {},
	"runs show latest": { name: "runs show" },
	"import clan clan.json": { name: "import clan" },
	"clan list": {},
	"clan restore": { env: ["NAME=ARCHIVE", "FOLDERS=DATA"] },
	"init --config new.yaml": { name: "init" },
	"modules list": {},
	"modules show nextcloud": { name: "modules show" },
	validate: {},
	manifest: {},
	schema: {},
	"completion bash": { name: "completion" },
	"--version": {},
	"--help": {},
	"archives --help": { name: "--help" },
	"help restore": { name: "--help" },
})) {
	test(`holdfast ${line} --json`, async () => {
		const words = line.split(" ").map(filled);
		const more = await Promise.all(env.map(async (one) => one.replace("ARCHIVE", await newest())));
		const said = await place.start([...words, "--json"], ["env", ...more.map(filled)]).ended;
		assert.equal(said.code, code, `${said.stdout}\n${said.stderr}`);
		fulfils(said, name, when);
	});
}

interface Case {
	readonly name: string;
	readonly when: string;
	readonly code: number;
	readonly env: readonly string[];
}

const filled = (word: string) =>
	word
		.replace("DATA", place.path("data"))
		.replace("LOOK", place.path("look"))
		.replace(/^ARCHIVES$/, place.path("archives"));

async function newest(): Promise<string> {
	const { archives } = JSON.parse((await place.holdfast("list", "--json", "--provider", "tar")).stdout);
	return archives[0].id;
}

test("recover with an interrupted run, and --abandon", async () => {
	const interrupted = () =>
		place.start(["create", "--json"], ["env", "HOLDFAST_FAULT=kill@create:tar/disk#before"]).ended;
	assert.doesNotMatch((await interrupted()).stdout, /"run-ended"/);
	const recovered = await place.holdfast("recover", "--json");
	assert.match(recovered.stdout, /"run-ended"/);
	fulfils(recovered, "recover");
	const { stdout } = await interrupted();
	const { run } = JSON.parse(stdout.split("\n")[0] ?? "");
	fulfils(await place.holdfast("recover", "--abandon", run, "--yes", "--json"), "recover", "--abandon");
});

test("archives mount says where", async () => {
	const { child, ended } = place.start(["archives", "mount", "usb", "latest", place.path("shown"), "--json"]);
	const mounted = new Promise((resolve) => child.stdout?.once("data", resolve));
	await Promise.race([mounted, ended]);
	await pause(100);
	child.kill("SIGINT");
	fulfils(await ended, "archives mount");
});

for (const [words, name, when] of [
	[["list", "--all"], "list", "several machines"],
	[["status", "--all"], "status", "several machines"],
	[["create", "--all"], "create", undefined],
	[["recover", "--on", "honest"], "recover", undefined],
	[["archives", "browse", "honest", "latest"], "archives browse", undefined],
] as const)
	test(`holdfast ${words.join(" ")} --json, on other machines`, async () => {
		fulfils(await fleet.holdfast([...words, "--json"]), name, when);
	});

test("an error is a document, and so is that of a machine that cannot be reached", async () => {
	const { stdout } = await place.holdfast("list", "nosuch", "--json");
	assert.deepEqual(faultsIn(ERROR, JSON.parse(stdout)), []);
	const alone = await fleet.holdfast(["create", "refusing", "--json"]);
	assert.deepEqual(faultsIn(ERROR, JSON.parse(alone.stdout)), []);
});

test("every command has a schema, and every schema was met", () => {
	assert.deepEqual(
		Object.keys(outputs).filter((name) => outputs[name]?.length === 0),
		[],
	);
	const all = Object.entries(outputs).flatMap(([name, cases]) => cases.map(({ when }) => caseOf(name, when)));
	const unmet = all.filter((one) => !seen.has(one));
	assert.deepEqual(
		unmet.sort(),
		[
			// Needs Nix; the text is that of `import clan`.
			"import nix",
			// The same command as `list`.
			"backups list, several machines",
			// Need systemd; the first line is that of `undeploy`.
			"deploy",
			"deploy, afterwards",
			"undeploy, afterwards",
		].sort(),
	);
});

test("help as JSON: what a command takes, as it is written", async () => {
	const { stdout } = await place.holdfast("restore", "--help", "--json");
	const { name, brief, flags, positional } = JSON.parse(stdout);
	assert.equal(name, "restore");
	assert.match(brief, /restore a service/);
	const flag = (wanted: string) => flags.find((one: { name: string }) => one.name === wanted);
	assert.deepEqual(flag("--service"), {
		...{ name: "--service", brief: "a state, by name; may be repeated", value: "NAME", repeatable: true },
	});
	assert.equal(flag("--dry-run").value, undefined);
	assert.equal(flag("--agreed-plan"), undefined, "hidden");
	assert.deepEqual(
		positional.map((one: { name: string }) => one.name),
		["ARCHIVE"],
	);
	const group = JSON.parse((await place.holdfast("archives", "--json", "--help")).stdout);
	assert.ok(group.commands.some((one: { name: string }) => one.name === "show"));
	const unknown = await place.holdfast("archives", "nosuch", "--help", "--json");
	assert.equal(JSON.parse(unknown.stdout).error.code, "usage");
	assert.equal(
		(await place.holdfast("list", "--help")).stdout,
		(await place.holdfast("help", "list")).stdout,
	);
	assert.match((await place.holdfast("help")).stdout, /^USAGE\n {2}holdfast COMMAND/);
});

test("holdfast schema COMMAND prints JSON Schema; a group means its list", async () => {
	const said = await place.holdfast("schema", "archives", "show");
	const schema = JSON.parse(said.stdout);
	assert.equal(schema.title, "holdfast archives show --json");
	assert.ok(schema.anyOf[0].properties.id.description);
	assert.equal(schema.anyOf.at(-1).title, "Error");
	assert.equal(
		JSON.parse((await place.holdfast("schema", "runs")).stdout).title,
		"holdfast runs list --json",
	);
	const unknown = await place.holdfast("schema", "lst");
	assert.equal(unknown.code, 2);
	assert.match(unknown.stderr, /there is no command "lst"\n.*did you mean: holdfast schema list\?/);
});

const caseOf = (name: string, when?: string) => (when === undefined ? name : `${name}, ${when}`);

/** One document, or lines: never nothing, and no key that the schema does not describe. */
function fulfils({ stdout, stderr }: Pick<Said, "stdout" | "stderr">, name: string, when?: string): void {
	const found = outputs[name]?.find((one) => one.when === when);
	assert.ok(found, `no schema for ${caseOf(name, when)}`);
	seen.add(caseOf(name, when));
	assert.notEqual(stdout.trim(), "", stderr);
	const { form } = found.output;
	const values =
		form === "lines"
			? stdout
					.trim()
					.split("\n")
					.map((line) => JSON.parse(line))
			: [JSON.parse(stdout)];
	for (const value of values) assert.deepEqual(faultsIn(found.output, value), [], JSON.stringify(value));
}

function faultsIn({ schema }: Output, value: unknown): string[] {
	const { issues = [] } = v.safeParse(strict(schema), value);
	return issues.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`);
}

interface Parts extends v.GenericSchema {
	readonly pipe?: readonly Parts[];
	readonly entries?: Readonly<Record<string, Parts>>;
	readonly options?: readonly Parts[];
	readonly item?: Parts;
	readonly wrapped?: Parts;
}

/** The same schema, but what it does not describe is a fault. Loose ones stay so. */
function strict(schema: Parts): v.GenericSchema {
	const { type, pipe, entries, options, item, wrapped } = schema;
	if (pipe) {
		const [first, ...rest] = pipe;
		return v.pipe(strict(first as Parts), ...(rest.filter(({ kind }) => kind !== "schema") as []));
	}
	if (type === "object" && entries)
		return v.strictObject(
			Object.fromEntries(Object.entries(entries).map(([key, one]) => [key, strict(one)])) as v.ObjectEntries,
		);
	if (type === "union" && options) return v.union(options.map(strict));
	if (type === "array" && item) return v.array(strict(item));
	if (wrapped) return { ...schema, wrapped: strict(wrapped) } as v.GenericSchema;
	return schema;
}
