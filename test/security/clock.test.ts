// The machine's clock jumps by years, forwards and backwards, while commands run: they end well, the right archive is
// restored, and once the clock is right again everything works as before.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { cheapRepository } from "../support/cheap-restic.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("clock");
/** Debian's libfaketime: the process and its children see a clock that differs by what a file says, at each look. */
const LIBRARY = readdirSync("/usr/lib")
	.map((name) => join("/usr/lib", name, "faketime/libfaketimeMT.so.1"))
	.find(existsSync);
const SETTINGS = ["FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_DONT_RESET=1"];
const TIMES = ["+400d", "-400d", "+0"];

const ABSURD = /-\d+(\.\d+)? (ms|s|min|h|days?)\b|NaN|Invalid|undefined/;

describe("a clock that jumps", { skip: LIBRARY ? undefined : "needs libfaketime" }, () => {
	for (const [type, destination] of [
		["tar", (at: string) => ({ path: at })],
		["borgbackup", (at: string) => ({ repo: at, passphraseFile: `${at}.pass` })],
		["restic", (at: string) => ({ repo: at, passphraseFile: `${at}.pass` })],
		["localbackup", (at: string) => ({ directory: at })],
	] as const) {
		const tier = type === "tar" || type === "restic" ? "" : " [long]";
		test(`${type}: create, restore, undo, prune, check and status${tier}`, async () => {
			const place = new Place(folder);
			place.write("notes/file", "0");
			writeFileSync(place.path("archives.pass"), "correct horse\n", { mode: 0o600 });
			if (type === "restic") cheapRepository(place.path("archives"), place.path("archives.pass"));
			place.declare({
				state: { notes: { folders: [place.path("notes")] } },
				providers: {
					own: {
						type,
						destinations: { disk: destination(place.path("archives")) },
						retention: { keepLast: 3 },
					},
				},
			});
			const clock = place.path("clock");
			const set = (time: string) => writeFileSync(clock, `${time}\n`);
			set("+0");
			const env = [...["env", `LD_PRELOAD=${LIBRARY}`, `FAKETIME_TIMESTAMP_FILE=${clock}`], ...SETTINGS];
			/** The clock jumps the whole time, or stands where it was put. */
			const run = async (jumps: boolean, ...words: string[]) => {
				let turn = 0;
				const timer = setInterval(() => jumps && set(TIMES[turn++ % TIMES.length] ?? ""), 40);
				const { code, stdout, stderr } = await place.start(words, env).ended;
				clearInterval(timer);
				const said = `${words.join(" ")}\n${stdout}${stderr}`;
				assert.doesNotMatch(said, ABSURD);
				return { code, said, stdout };
			};
			const done = async (jumps: boolean, ...words: string[]) => {
				const end = await run(jumps, ...words);
				assert.equal(end.code, 0, end.said);
				return end;
			};
			const live = () => readFileSync(place.path("notes/file"), "utf8");
			const names = async (): Promise<string[]> =>
				JSON.parse((await run(false, "list", "--json")).stdout).archives.map(({ id }: { id: string }) => id);

			place.write("notes/file", "1");
			await done(false, "create");
			const [first = ""] = await names();
			for (const time of TIMES) {
				set(time);
				place.write("notes/file", time);
				await done(false, "create");
			}
			for (const round of [1, 2]) {
				place.write("notes/file", `jumping ${round}`);
				await done(true, "create");
			}
			set("+0");
			assert.equal((await names()).length, 6);
			await done(true, "restore", "--yes", "--keep-old=1d", "own", first);
			assert.equal(live(), "1");
			set("+0");
			place.write("notes/file", "before");
			const { said } = await done(false, "restore", "--yes", "--keep-old=1d", "own", first);
			place.write("notes/file", "after");
			const [id = ""] = /(?<=holdfast undo )\S+/.exec(said) ?? [];
			await done(true, "undo", "--yes", id);
			assert.equal(live(), "before");
			for (const words of [["check"], ["status"], ["list"], ["prune", "--dry-run"]])
				assert.ok([0, 1].includes((await run(true, ...words)).code ?? -1), words.join(" "));

			assert.doesNotMatch(
				(await done(false, "runs")).said,
				/\d (h|days) /,
				"each took seconds, whatever the clock said",
			);

			set("+0");
			place.write("notes/file", "right again");
			await done(false, "create");
			place.write("notes/file", "lost");
			await done(false, "restore", "--yes", "own", "latest");
			assert.equal(live(), "right again");
			const before = await names();
			await done(false, "prune", "--yes");
			const after = await names();
			assert.ok(after.length >= 3 && after.every((name) => before.includes(name)));
			await done(false, "restore", "--yes", "own", "latest");
			assert.equal(live(), "right again");
			assert.deepEqual((await run(false, "recover")).code, 0);
		});
	}

	test("set back while a restore runs, which is killed: what was written afterwards survives its rollback", async () => {
		const place = new Place(folder);
		const clock = place.path("clock");
		place.write("own/file", "old");
		const hooks = { preRestore: `echo +0 > ${clock}` };
		place.declare({ state: { s: { folders: [place.path("own")], hooks } } });
		assert.equal((await place.holdfast("create")).code, 0);
		writeFileSync(clock, "+1d\n");
		const env = ["env", `LD_PRELOAD=${LIBRARY}`, `FAKETIME_TIMESTAMP_FILE=${clock}`, ...SETTINGS];
		const [archive = ""] = readdirSync(place.path("archives"));
		const killed = [...env, "HOLDFAST_FAULT=kill@commit:s#before"];
		const { signal } = await place.start(["restore", "--yes", "tar", archive], killed).ended;
		assert.equal(signal, "SIGKILL");
		place.write("own/written-since", "by a user");
		const { code, stderr } = await place.holdfast("recover");
		assert.equal(code, 0, stderr);
		const names = readdirSync(place.folder, { recursive: true }).map(String);
		assert.ok(
			names.some((name) => name.endsWith("/written-since")),
			stderr,
		);
	});
});
