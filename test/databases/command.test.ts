// A store that commands of the config dump and load: here a file, so that a test can see and break everything. Real
// stores are in slapd.test.ts and etcd.long.ts.
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { EVERY_ENGINE } from "../support/every-engine.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("command");
const OLD = "old content\n".repeat(20_000);
const NEWER = "newer content\n";

/** `declared` gets the paths of the store and of a folder of its state. */
async function stored(
	declared: (store: string, place: Place) => object,
	{ state = {}, engine = "tar" }: { state?: object; engine?: string } = {},
) {
	const place = new Place(folder);
	mkdirSync(place.path("store"));
	const store = place.path("store/content");
	const declare = (dump: object, more: object = state) =>
		place.declare({
			state: {
				app: { folders: [place.path("own")], dumps: [{ name: "box", ...dump }], settle: 0, ...more },
				other: { folders: [place.path("other")] },
			},
			providers: { [engine]: EVERY_ENGINE[engine]?.(place) ?? {} },
		});
	const fill = (text: string) => {
		for (const name of ["own", "other"]) place.write(`${name}/file`, text);
		writeFileSync(store, text);
	};
	const holdfast = async (expected: number, ...words: string[]) => {
		const { code, stdout, stderr } = await place.holdfast(...words);
		assert.equal(code, expected, `holdfast ${words.join(" ")}\n${stdout}${stderr}`);
		return stdout + stderr;
	};
	const is = (content: string) =>
		assert.deepEqual(
			[readFileSync(store, "utf8") === content, readFileSync(place.path("own/file"), "utf8") === content],
			[true, true],
		);
	/** Nothing of a dump is left in our folders. */
	const tidy = () => {
		for (const own of ["dumps", "spool"]) {
			const at = place.path("state", own);
			if (existsSync(at)) assert.deepEqual(readdirSync(at), []);
		}
	};
	declare(declared(store, place));
	fill(OLD);
	return { place, store, declare, fill, holdfast, is, tidy };
}

const plain = (store: string) => ({ command: ["cat", store], load: `cat >"${store}"` });
const RESTORE = ["restore", "--yes", "--service", "app"];

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

describe("what a person reads of a command that does not work", () => {
	const cases = [
		[
			"writes nothing",
			"true",
			/the dump is empty\n +→ run the command by hand to find out why: it must write/,
		],
		[
			"says why it writes nothing",
			"echo no entry >&2",
			/the dump is empty\n +no entry\n +→ run the command by hand/,
		],
		[
			"is not there",
			["not-there", "--all"],
			/not-there: command not found\n +→ install the program .* whole path/,
		],
		["is of a script and not there", "not-there", /not-there: command not found\n +→ install the program/],
		[
			"runs as nobody that is known",
			{ script: "echo x", user: "not-there" },
			/could not dump the store box: the user "not-there" does not exist.*\n +→ create this user, or name another/,
		],
	] as const;
	for (const [what, command, why] of cases)
		test(`a dump that ${what}`, async () => {
			const { holdfast, tidy } = await stored(() => ({ command, load: "cat >/dev/null" }));
			assert.match(await holdfast(3, "create"), why);
			tidy();
		});

	for (const [what, load, why] of [
		[
			"fails",
			"echo full >&2; exit 4",
			/exit code 4\n +full\n +→ run the command by hand.*: it gets the dump on its/,
		],
		[
			"is not there, as only its script can tell",
			"true; not-there",
			/exit code 127\n.*not-there: command not found\n +→ install the program/,
		],
	] as const)
		test(`a load that ${what}`, async () => {
			const { holdfast } = await stored((store) => ({ command: ["cat", store], load, wayBack: "none" }));
			await holdfast(0, "create");
			assert.match(await holdfast(1, ...RESTORE, "tar", "latest"), why);
		});
});

for (const load of ["not-there -x", ["not-there", "-x"]])
	test(`a load whose program is missing is found by create, and before anything is put aside: ${load}`, async () => {
		const { holdfast, place, store } = await stored((store) => ({
			command: `echo >>${store}.dumped; cat ${store}`,
			load,
		}));
		assert.match(
			await holdfast(0, "create"),
			/store box: a restore would fail at its load: the program not-there was not found/,
		);
		assert.match(
			await holdfast(1, ...RESTORE, "tar", "latest"),
			/the store box cannot be loaded: the program not-there was not found/,
		);
		assert.equal(readFileSync(`${store}.dumped`, "utf8"), "\n");
		assert.ok(existsSync(place.path("own/file")));
	});

describe("what was live comes back", () => {
	test("when a health check fails, and the load knew what it loads into", async () => {
		const { holdfast, fill, is, tidy } = await stored(
			(store, place) => ({ ...plain(store), load: `[ -s ${place.path("own/file")} ]; cat >"${store}"` }),
			{ state: { healthChecks: [{ command: ["false"], within: 0 }] } },
		);
		await holdfast(0, "create");
		fill(NEWER);
		await holdfast(1, ...RESTORE, "tar", "latest");
		is(NEWER);
		tidy();
	});

	test("when a load fails half-way", async () => {
		const { holdfast, fill, is, tidy } = await stored((store) => ({
			command: ["cat", store],
			load: `head -c 100000 >"${store}"; if cmp -n 3 -s "${store}" <(echo old); then echo it is too old >&2; exit 4; fi`,
		}));
		await holdfast(0, "create");
		fill(NEWER);
		const said = await holdfast(1, ...RESTORE, "tar", "latest");
		assert.match(said, /could not load the store box: the command ended with exit code 4/);
		assert.match(said, /it is too old/);
		is(NEWER);
		tidy();
	});

	for (const point of ["loading", "loaded"])
		test(`when the run is killed at ${point}`, async () => {
			const { place, holdfast, fill, is, tidy } = await stored(plain);
			await holdfast(0, "create");
			fill(NEWER);
			const killed = place.start(
				[...RESTORE, "tar", "latest"],
				["env", `HOLDFAST_FAULT=kill@store-load:app:0#${point}`],
			);
			assert.match((await killed.ended).stderr, /fault-here/);
			await holdfast(0, "recover");
			is(NEWER);
			tidy();
		});

	for (const [what, state, ends] of [
		["a restore", {}, [OLD, NEWER]],
		["a restore that fails", { healthChecks: [{ command: ["false"], within: 0 }] }, [NEWER]],
	] as const)
		test(`when ${what} is killed, at whichever point [long]`, async () => {
			const { place, store, holdfast, fill, is, tidy } = await stored(plain, { state });
			await holdfast(0, "create");
			const restore = (fault: string) =>
				place.start([...RESTORE, "tar", "latest"], ["env", `HOLDFAST_FAULT=${fault}`]).ended;
			fill(NEWER);
			const traced = (await restore("trace")).stderr.matchAll(/^fault-point (.*)$/gm);
			const points = new Set([...traced].map(([, point = ""]) => point));
			assert.ok(points.has("store-aside:app:0#dumped"));
			for (const point of points) {
				fill(NEWER);
				assert.match((await restore(`kill@${point}`)).stderr, /fault-here/, point);
				await place.holdfast("recover");
				const end = ends.find((one) => readFileSync(store, "utf8") === one);
				assert.ok(end !== undefined, point);
				is(end);
				tidy();
			}
		});

	test("from an undo, which is undone itself if it fails; and after it, nothing is left", async () => {
		const { store, declare, place, holdfast, fill, is, tidy } = await stored(plain);
		await holdfast(0, "create");
		fill(NEWER);
		await holdfast(0, "restore", "--yes", "--keep-old", "1d", "--service", "app", "tar", "latest");
		is(OLD);
		// The undo uses the commands of the restore's config.
		declare({ command: ["false"], load: ["false"] });
		chmodSync(place.path("store"), 0o500);
		const killed = place.start(
			["undo", "--yes", "latest"],
			["env", "HOLDFAST_FAULT=kill@store-load:app:0#loaded"],
		);
		await killed.ended;
		await holdfast(0, "recover");
		is(OLD);
		await holdfast(0, "undo", "--yes", "latest");
		is(NEWER);
		assert.ok(existsSync(store));
		tidy();
	});

	test("not with wayBack: none, and the plan says so", async () => {
		const { store, place, holdfast, fill } = await stored((store) => ({ ...plain(store), wayBack: "none" }), {
			state: { healthChecks: [{ command: ["false"], within: 0 }] },
		});
		await holdfast(0, "create");
		fill(NEWER);
		const plan = await holdfast(0, "restore", "--dry-run", "--service", "app", "tar", "latest");
		assert.match(plan, /replace the content of the store box .*; this cannot be undone/);
		assert.match(
			await holdfast(1, ...RESTORE, "tar", "latest"),
			/the store box has the content of the archive/,
		);
		assert.equal(readFileSync(store, "utf8"), OLD);
		assert.equal(readFileSync(place.path("own/file"), "utf8"), NEWER);
	});

	test("with its folders, if it is in them", async () => {
		const { place, holdfast } = await stored(
			(_, place) => ({
				command: `cat ${place.path("own/live")}`,
				load: `cat >${place.path("own/live")}`,
				wayBack: "folders",
			}),
			{ state: { exclude: ["/**/own/live"], healthChecks: [{ command: ["false"], within: 0 }] } },
		);
		place.write("own/live", OLD);
		await holdfast(0, "create");
		place.write("own/live", NEWER);
		await holdfast(1, ...RESTORE, "tar", "latest");
		assert.equal(readFileSync(place.path("own/live"), "utf8"), NEWER);
	});
});

test("what cannot be dumped now is not replaced, but in place it is", async () => {
	const { store, holdfast, fill, is, tidy } = await stored((store) => ({
		command: `if [ -e ${store}.broken ]; then echo it is broken >&2; exit 1; fi; cat ${store}`,
		load: `rm -f ${store}.broken; cat >${store}`,
	}));
	await holdfast(0, "create");
	fill(NEWER);
	writeFileSync(`${store}.broken`, "");
	const said = await holdfast(1, ...RESTORE, "tar", "latest");
	assert.match(said, /the content that the store box has now could not be put aside.*exit code 1/);
	assert.match(said, /it is broken/);
	is(NEWER);
	await holdfast(0, ...RESTORE, "--in-place", "tar", "latest");
	is(OLD);
	tidy();
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
	for (const path of [folder, place.folder]) chmodSync(path, 0o755);
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
