// A dump by command: it comes back on every engine, and from an archive come only bytes. Real stores are in slapd.test.ts and
// etcd.long.ts.
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { describe, test } from "node:test";
import { EVERY_ENGINE } from "../support/every-engine.ts";
import { NEWER, OLD, plain, RESTORE, stored } from "./store-of-commands.ts";

for (const engine of Object.keys(EVERY_ENGINE))
	test(`${engine}: comes back as it was`, async () => {
		const { holdfast, fill, is, tidy } = await stored(plain, { engine });
		await holdfast(0, "create");
		tidy();
		fill(NEWER);
		assert.match(
			await holdfast(0, "restore", "--dry-run", "--service", "app", engine, "latest"),
			/dump what the store box has now[\s\S]*replace the content of the store box with that of the archive/,
		);
		await holdfast(0, ...RESTORE, engine, "latest");
		is(OLD);
		tidy();
	});

describe("a dump", () => {
	test("that a program writes to /dev/stdout, since it knows no standard output, is streamed too", async () => {
		const { holdfast, fill, is } = await stored((store) => ({
			command: ["cp", store, "/dev/stdout"],
			load: `cat >"${store}"`,
		}));
		await holdfast(0, "create");
		fill(NEWER);
		await holdfast(0, ...RESTORE, "tar", "latest");
		is(OLD);
	});

	for (const [what, command, why] of [
		["fails half-way", "head -c 100000 $0; exit 3", /could not dump the store box: ended with exit code 3/],
		["fails in front of a pipe", "false | cat $0", /ended with exit code 1/],
		["is empty", "true", /the dump is empty/],
		["takes too long", "cat $0; sleep 60", /took longer than 1 seconds and was killed/],
	] as const)
		test(`that ${what} leaves out its own state only`, async () => {
			const { holdfast, tidy } = await stored((store) => ({
				command: { script: command.replace("$0", store), timeout: 1 },
				load: "cat >/dev/null",
			}));
			assert.match(await holdfast(3, "create"), why);
			const { archives } = JSON.parse(await holdfast(0, "list", "--json"));
			assert.equal(archives[0].metadata.states.app.outcome, "failed");
			assert.equal(archives[0].metadata.states.other.outcome, "good");
			assert.match(await holdfast(1, ...RESTORE, "tar", "latest"), /no complete archive of app was found/);
			tidy();
		});
});

describe("from an archive come only bytes", () => {
	test("a restore runs the commands of the config, and says that others made the dump", async () => {
		const { place, store, declare, holdfast, fill, is } = await stored((store, place) => ({
			command: ["sh", "-c", `cat ${store}; touch ${place.path("theirs")}`],
			load: `touch ${place.path("theirs")}; cat >${store}`,
		}));
		await holdfast(0, "create");
		rmSync(place.path("theirs"));
		declare(plain(store));
		fill(NEWER);
		const said = await holdfast(0, ...RESTORE, "tar", "latest");
		assert.match(said, /was made by another command than the one in the config \(sh -c cat/);
		is(OLD);
		assert.ok(!existsSync(place.path("theirs")));
	});

	test("of what this machine did not write, nothing is loaded without --trust-archive", async () => {
		const { place, holdfast, fill, is } = await stored(plain);
		await holdfast(0, "create");
		fill(NEWER);
		rmSync(place.path("state"), { recursive: true });
		assert.match(
			await holdfast(1, ...RESTORE, "tar", "latest"),
			/no record of writing the dump of the store box/,
		);
		is(NEWER);
		await holdfast(0, ...RESTORE, "--trust-archive", "tar", "latest");
		is(OLD);
	});
});

test("another user gets the dump as an open file", { skip: process.getuid?.() !== 0 }, async () => {
	const { place, store, holdfast, fill, is } = await stored((store, place) => ({
		command: { script: `cat ${store}`, user: "nobody" },
		load: { script: `id -un >${place.path("open/who")}; cat "$HOLDFAST_DUMP" >${store}`, user: "nobody" },
	}));
	mkdirSync(place.path("open"));
	for (const path of ["store", "open"]) chmodSync(place.path(path), 0o777);
	for (const path of [dirname(place.folder), place.folder]) chmodSync(path, 0o755);
	fill(OLD);
	chmodSync(store, 0o666);
	await holdfast(0, "create");
	fill(NEWER);
	await holdfast(0, ...RESTORE, "tar", "latest");
	is(OLD);
	assert.equal(readFileSync(place.path("open/who"), "utf8"), "nobody\n");
});

test("its bytes are compared, and two stores of a machine cannot have one name", async () => {
	const { declare, store, holdfast, fill } = await stored(plain);
	await holdfast(0, "create");
	fill(NEWER);
	assert.match(
		await holdfast(0, "diff", "--service", "app", "tar", "latest"),
		/store box +bytes of its dump +14 +240000/,
	);
	declare(plain(store), { dumps: [0, 1].map(() => ({ name: "box", ...plain(store) })) });
	assert.match(await holdfast(2, "list"), /the store box already belongs to state "app"/);
	declare(plain(store), { folders: [], dumps: [{ name: "box", ...plain(store), wayBack: "folders" }] });
	assert.match(await holdfast(2, "list"), /has wayBack: folders, but state "app" has no folders/);
});
