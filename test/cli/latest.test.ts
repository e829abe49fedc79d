// What `latest` means: the same archive for every command, and the same one each time.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { oldestRunFirst } from "../../src/engines/archive-time.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const place = new Place(scratch("latest"));
const declared = () => ({
	state: {
		letters: { folders: [place.path("letters")] },
		photos: { folders: [place.path("photos")] },
	},
	providers: {
		second: { type: "tar", destinations: { usb: { path: place.path("usb") } } },
		first: {
			type: "tar",
			destinations: { off: { path: place.path("off") }, on: { path: place.path("on") } },
		},
	},
});
let whole = "";

before(async () => {
	for (const name of ["letters", "photos"]) place.write(`${name}/file`, "old");
	place.declare(declared());
	await succeeds("create");
	whole = JSON.parse(await succeeds("list", "--json")).archives[0].name;
	await succeeds("create", "--service", "letters");
});

async function succeeds(...words: string[]) {
	const { code, stdout, stderr } = await place.holdfast(...words);
	assert.equal(code, 0, `${words.join(" ")}: ${stderr}`);
	return stdout;
}

const COMMANDS = [
	["restore", "--dry-run"],
	["diff"],
	["archives", "show"],
	["archives", "browse"],
	["archives", "hold"],
	["archives", "release"],
];

for (const command of COMMANDS)
	test(`${command.join(" ")} latest: the newest with all states, in the first destination, and it says why`, async () => {
		const { code, stdout, stderr } = await place.holdfast(...command, "latest");
		assert.equal(code, 0, stderr);
		const said = stdout + stderr;
		assert.match(said, new RegExp(`latest is usb::\\S+::${whole},`), said);
		assert.equal(said.match(/passed over: usb::\S+ contains only letters/g)?.length, 1, said);
	});

test("with --service, the newest with that state", async () => {
	const { stderr } = await place.holdfast("restore", "--dry-run", "--service", "letters", "latest");
	assert.match(stderr, /latest is usb::/);
	assert.doesNotMatch(stderr, new RegExp(whole));
	assert.doesNotMatch(stderr, /passed over/);
});

test("the last line of list is what latest means", async () => {
	const rows = (await succeeds("list")).trimEnd().split("\n");
	assert.match(rows.at(-1) ?? "", /second +letters +usb::/);
});

test("copies of one run are in the config's order, whichever was ready first", () => {
	const of = (name: string, destination: string, created: string) => ({ name, destination, created });
	const archives = [
		of("web01-2", "a", "2026-01-02T00:00:00.500Z"),
		of("web01-1", "a", "2026-01-01T00:00:00.500Z"),
		of("web01-2", "b", "2026-01-02T00:00:00.700Z"),
		of("web01-1", "b", "2026-01-01T00:00:00.100Z"),
		// Another one of that name, between others: it does not become the newest by that.
		of("web01-2", "c", "2025-01-02T00:00:00Z"),
	];
	assert.deepEqual(
		oldestRunFirst(archives).map(({ name, destination }) => `${destination}/${name}`),
		["c/web01-2", "b/web01-1", "a/web01-1", "b/web01-2", "a/web01-2"],
	);
});

test("a machine that was renamed in the config is told of its archives, how to see and how to restore them", async () => {
	const renamed = place.write("renamed.json", JSON.stringify({ machines: { mail: declared() } }));
	const { code, stdout, stderr } = await place.holdfast("list", "--config", renamed);
	assert.equal(code, 0, stderr);
	assert.equal(stdout, "no archives of mail\n");
	assert.match(stderr, /there are archives of web01/);
	for (const line of stderr.matchAll(/: holdfast (list .*|restore .*)/g)) {
		const words = [...(line[1] ?? "").split(" "), "--config", renamed];
		const dry = words[0] === "restore" ? ["--dry-run"] : [];
		const followed = await place.holdfast(...words, ...dry);
		assert.equal(followed.code, 0, followed.stderr);
		assert.match(followed.stdout + followed.stderr, new RegExp(whole));
	}
	assert.equal([...stderr.matchAll(/: holdfast /g)].length, 2);
});

test("`--from` a machine without archives names that machine, and those that have some", async () => {
	const renamed = place.write("renamed.json", JSON.stringify({ machines: { mail: declared() } }));
	const { code, stdout, stderr } = await place.holdfast("list", "--from", "web02", "--config", renamed);
	assert.equal(code, 0, stderr);
	assert.equal(stdout, "no archives of web02\n");
	assert.equal(stderr, "  → there are archives of web01; name one of them with --from\n");
});

test("`--from` with a slip in the name gets the name that was meant", async () => {
	const listed = await place.holdfast("list", "--from", "web1");
	assert.equal(listed.stdout, "no archives of web1\n");
	assert.equal(listed.stderr, "  → there are archives of web01; did you mean --from web01?\n");
	for (const command of [
		["restore", "--dry-run"],
		["archives", "show"],
	]) {
		const { stderr } = await place.holdfast(...command, "--from", "web1", "latest");
		assert.match(stderr, /there are only archives of web01; did you mean --from web01\?$/m);
	}
	const other = await place.holdfast("restore", "--dry-run", "--from", "web02", "latest");
	assert.match(other.stderr, /there are only archives of web01: select them with --from MACHINE$/m);
});

test("archives of another machine of the config are no reason for such a hint", async () => {
	const both = { machines: { web01: declared(), mail: declared() } };
	const { stdout, stderr } = await place.holdfast(
		"list",
		"mail",
		"--config",
		place.write("both.json", JSON.stringify(both)),
	);
	assert.equal(stdout, "no archives of mail\n");
	assert.equal(stderr, "");
});
