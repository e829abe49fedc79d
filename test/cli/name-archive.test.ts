// The grammar for naming an archive, typed to every command that takes one.
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { before, test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const place = new Place(scratch("name-archive"));
let ids: string[] = [];

before(async () => {
	place.write("data/file", "precious");
	place.declare({
		state: { data: { folders: [place.path("data")] } },
		providers: {
			tar: { destinations: { usb: { path: place.path("usb") }, off: { path: place.path("off") } } },
			second: { type: "tar", destinations: { off: { path: place.path("off2") } } },
		},
	});
	for (let count = 0; count < 2; count++) await succeeds("create");
	ids = JSON.parse(await succeeds("list", "--json")).archives.map(({ id }: { id: string }) => id);
	assert.equal(ids.length, 6);
});

async function holdfast(...words: string[]) {
	const { code, stdout, stderr } = await place.holdfast(...words);
	return { code, said: stdout + stderr };
}

async function succeeds(...words: string[]) {
	const { code, stdout, stderr } = await place.holdfast(...words);
	assert.equal(code, 0, `${words.join(" ")}: ${stderr}`);
	return stdout;
}

const newestIn = (where: string) => ids.findLast((id) => id.startsWith(where)) ?? "";
const nameOf = (id: string) => id.split("::").at(-1) ?? "";

test("list shows the provider of each archive", async () => {
	const [head = "", ...rows] = (await succeeds("list")).trimEnd().split("\n");
	assert.match(head, /PROVIDER +STATES +ARCHIVE$/);
	for (const row of rows) assert.match(row, / (tar +data +(usb|off)|second +data +off)::\//);
});

/** Each takes the archive's words, and what follows them. */
const COMMANDS: readonly (readonly [readonly string[], readonly string[]])[] = [
	[["restore", "--dry-run"], []],
	[["diff"], []],
	[["archives", "show"], []],
	[["archives", "browse"], []],
	[["archives", "browse"], ["data"]],
	[["archives", "extract"], ["data/file"]],
	[["archives", "hold"], []],
	[["archives", "release"], []],
];

for (const [command, after] of COMMANDS)
	test(`${[...command, "…", ...after].join(" ")}`, async () => {
		const id = newestIn("off::/");
		const forms = [
			["latest"],
			["usb", "latest"],
			["tar", "latest"],
			["tar/off", "latest"],
			["web01", "latest"],
			["web01", "usb", "latest"],
			[id],
			["web01", id],
			["usb", nameOf(id)],
			["second", nameOf(id).slice(0, -2)],
		];
		// Every form once, and with each command one of each kind.
		const tried = command.includes("show") ? forms : forms.filter((_, at) => [0, 1, 6, 9].includes(at));
		for (const words of tried) {
			rmSync(place.path("file"), { force: true });
			await succeeds(...command, ...words, ...after);
			if (command[1] === "extract") assert.equal(readFileSync(place.path("file"), "utf8"), "precious");
		}
	});

test("latest without a place is the newest of all destinations, and it says which", async () => {
	const { said } = await holdfast("restore", "--yes", "latest");
	assert.match(said, new RegExp(`latest is ${ids.at(-1)}, of `));
	assert.ok(existsSync(place.path("data/file")));
});

test("what could mean two is refused, with what to type", async () => {
	const name = nameOf(newestIn("usb::"));
	for (const command of ["restore", "diff", "archives show"]) {
		const two = await holdfast(...command.split(" "), "off", "latest");
		assert.equal(two.code, 2);
		assert.match(
			two.said,
			new RegExp(`holdfast ${command} tar/off latest\\n.*holdfast ${command} second/off latest\\n`),
		);
		const copies = await holdfast(...command.split(" "), name);
		assert.equal(copies.code, 2);
		for (const id of ids.filter((one) => one.endsWith(name))) assert.ok(copies.said.includes(id));
		const begins = await holdfast(...command.split(" "), "usb", "web01-2");
		assert.match(begins.said, /2 archives begin with "web01-2"/);
	}
});

test("an empty word, and what every name begins with, name nothing", async () => {
	for (const [words, expected] of [
		[["restore", "--yes", "usb", ""], /a word of the command is empty\n.*holdfast restore --yes usb ''/],
		[["list", "--provider="], /a word of the command is empty/],
		[["list", "--provider", ""], /a word of the command is empty/],
		[["undo", "--yes", ""], /a word of the command is empty/],
		[["archives", "hold", "w"], /"w" is too short to name an archive/],
		[["restore", "--yes", "usb", "web01-"], /"web01-" is too short to name an archive/],
	] as const) {
		const { code, said } = await holdfast(...words);
		assert.equal(code, 2, said);
		assert.match(said, expected);
	}
});

test("a run, a day and an address as borg writes it: the archive that was meant is proposed", async () => {
	const id = newestIn("usb::/");
	const name = nameOf(id);
	const run = name.slice("web01-".length);
	for (const wanted of [run, run.slice(0, 10), `usb::${name}`, `${place.path("usb")}::${name}`]) {
		const { code, said } = await holdfast("archives", "show", wanted);
		assert.equal(code, 2, said);
		assert.match(said, /did you mean/, wanted);
		const isPlace = !wanted.startsWith("usb::") && wanted.includes("::");
		assert.ok(said.includes(isPlace ? `did you mean: usb ${name}` : id), `${wanted}: ${said}`);
	}
	assert.match(
		(await holdfast("archives", "show", `tar::${name}`)).said,
		new RegExp(`did you mean: tar ${name}`),
	);
	assert.doesNotMatch((await holdfast("archives", "show", "1999-01-01")).said, /did you mean/);
});

test("which archive the beginning of a name is, is said", async () => {
	const { said } = await holdfast("restore", "--dry-run", "second", nameOf(newestIn("off::/")).slice(0, -2));
	assert.match(said, new RegExp(`^web01-\\S+ is off::/\\S+::${nameOf(newestIn("off::/"))}, of `, "m"));
});

test("a destination that is down does not stop latest, and is named", async () => {
	rmSync(place.path("off2"), { recursive: true });
	place.write("off2", "not a folder");
	const { code, said } = await holdfast("restore", "--dry-run", "latest");
	assert.equal(code, 0, said);
	assert.match(said, /! second\/off could not be asked, and may hold a newer one/);
	const begins = await holdfast("restore", "--dry-run", "--yes", nameOf(ids.at(-1) ?? "").slice(0, -2));
	assert.equal(begins.code, 2);
	assert.match(begins.said, /other archives may begin with "web01-\S+": second\/off could not be listed/);
});

test("undo takes latest and the beginning of a run", async () => {
	const none = await holdfast("undo", "latest");
	assert.equal(none.code, 2);
	for (const shorter of [() => "latest", (run: string) => run.slice(0, -2)]) {
		const restored = await holdfast("restore", "--yes", "--keep-old", "1d", "usb", "latest");
		const [, run = ""] = /holdfast undo (\S+)/.exec(restored.said) ?? [];
		const short = await holdfast("undo", "--yes", run.slice(0, 3));
		assert.equal(short.code, 2);
		assert.match(short.said, /"\d{3}" is too short to name a run\n.*\n.*at least 4 characters/);
		await succeeds("undo", "--yes", shorter(run));
	}
});
