// Anyone who can write to a destination can write the metadata of archives. An archive with invalid metadata is shown
// with the reason, is never chosen or removed, and hides no other: on every engine, with its real program.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Archive } from "../../src/engines/archive.ts";
import { intoFolder, metadataOf, quiet } from "../engines/fixtures.ts";
import { Place } from "../support/place.ts";
import {
	DAMAGED,
	files,
	folder,
	goodOnes,
	HOSTILE,
	type Hostile,
	NEWER,
	SAMPLES,
	valid,
	withGood,
} from "./planted.ts";

for (const hostile of HOSTILE)
	describe(`${hostile.type}: an archive that is not understood`, () => {
		test("is listed as damaged, is a problem for check, is not removed, and hides no other", async () => {
			const { at, destination } = await withGood(hostile);
			const planted = hostile.slow ? SAMPLES : Object.values(DAMAGED);
			for (const [index, text] of planted.entries()) hostile.plant(at, `bad-${index}`, text);
			hostile.plant(at, "newer", NEWER);
			const archives = await destination.list(quiet);
			assert.deepEqual(goodOnes(archives), ["good-1"]);
			const damaged = archives.filter((one) => one.damaged !== undefined);
			assert.equal(
				damaged.length,
				planted.length,
				JSON.stringify(archives.map(({ name, damaged }) => [name, damaged])),
			);
			for (const one of damaged) assert.ok((one.damaged ?? "").length < 400, one.damaged);
			assert.deepEqual(
				archives.flatMap(({ newer }) => newer ?? []),
				[{ version: 2, machine: "web01" }],
			);
			const problems = await destination.check(false, quiet);
			assert.deepEqual(problems.map(({ archive }) => archive).sort(), damaged.map(({ name }) => name).sort());
			await destination.create(
				{ name: "good-2", roots: [{ path: files, exclude: [] }], metadata: metadataOf("two") },
				false,
				quiet,
			);
			await destination.remove(["good-1"], quiet);
			const left = await destination.list(quiet);
			assert.deepEqual(goodOnes(left), ["good-2"]);
			assert.equal(left.filter((one) => one.damaged !== undefined).length, planted.length);
			const into = mkdtempSync(join(folder, "into-"));
			await destination.restore("good-2", [files], intoFolder(into), quiet);
			assert.equal(readFileSync(join(into, files, "file"), "utf8"), "not from here");
		});

		test(`is never the latest; named, it says why not; prune, diff and adopt go on${hostile.type === "tar" ? "" : " [long]"}`, async () => {
			const place = new Place(folder);
			place.write("notes/file", "as it was");
			const at = place.path("there");
			const config = {
				state: { notes: { folders: [place.path("notes")] } },
				providers: { [hostile.type]: hostile.options(at) },
			};
			place.declare(config);
			const done = async (code: number, ...words: string[]) => {
				const end = await place.holdfast(...words);
				assert.equal(end.code, code, `${words.join(" ")}\n${end.stdout}${end.stderr}`);
				return end;
			};
			await done(0, "create");
			hostile.plant(at, "zzz", valid({ states: null }));
			const { archives, problems } = JSON.parse((await done(0, "list", "--json")).stdout) as {
				archives: (Archive & { id: string })[];
				problems: string[];
			};
			assert.equal(archives.length, 2);
			const bad = archives.find(({ damaged }) => damaged !== undefined);
			assert.ok(bad);
			assert.equal(problems.length, 1);
			if (!hostile.slow) {
				const listed = await done(0, "list");
				assert.match(listed.stdout, /damaged +there::/);
				assert.match(listed.stderr, /is damaged: its description is not valid/);
			}
			writeFileSync(place.path("notes/file"), "newer");
			if (!hostile.slow)
				assert.match((await done(0, "diff", hostile.type, "latest")).stdout, /~ .*notes\/file/);
			await done(0, "restore", "--yes", hostile.type, "latest");
			assert.equal(readFileSync(place.path("notes/file"), "utf8"), "as it was");
			for (const words of hostile.slow ? [["restore", "--yes"]] : [["restore", "--yes"], ["diff"]])
				assert.match((await done(1, ...words, hostile.type, bad.id)).stderr, /is damaged: its description/);
			if (hostile.slow) return;
			assert.match(
				(await done(0, "archives", "show", bad.id)).stdout,
				/^damaged +its description is not valid/m,
			);
			assert.match((await done(1, "archives", "hold", bad.id)).stderr, /is damaged/);
			await done(0, "create");
			await done(0, "prune", "--yes");
			const left = JSON.parse((await done(0, "list", "--json")).stdout).archives as Archive[];
			assert.equal(left.filter(({ damaged }) => damaged !== undefined).length, 1);
			assert.equal(goodOnes(left).length, 1);
			const check = await done(1, "check");
			assert.match(check.stderr, /its description is not valid/);
			const adopted = await done(0, "adopt", at, "--type", hostile.type, "--dry-run");
			assert.match(adopted.stdout, /passed over: .* is damaged/);
		});
	});

describe("what lies where an archive's own file should be", () => {
	const inTar = async (plant: (archive: string) => void) => {
		const { at, destination } = await withGood(HOSTILE[0] as Hostile);
		const archive = join(at, "odd");
		mkdirSync(archive);
		plant(archive);
		return (await destination.list(quiet)).map(({ name, damaged, metadata }) => [
			name,
			damaged ?? metadata?.run,
		]);
	};
	const secret = join(folder, "secret");
	writeFileSync(secret, "root's secret");
	const ODD: Readonly<Record<string, (file: string) => void>> = {
		"a named pipe": (file) => execFileSync("mkfifo", [file]),
		"a link": (file) => symlinkSync(secret, file),
		"a folder": (file) => mkdirSync(file),
		"a device": (file) => execFileSync("mknod", [file, "c", "1", "5"]),
		"larger than": (file) => {
			writeFileSync(file, "");
			truncateSync(file, 5 * 1024 ** 3);
		},
		empty: (file) => writeFileSync(file, ""),
		"not JSON": (file) => writeFileSync(file, "hello"),
	};
	for (const [what, plant] of Object.entries(ODD))
		test(`tar and localbackup: ${what} costs that archive alone, and nothing of it is read`, async () => {
			const listed = await inTar((archive) => {
				writeFileSync(join(archive, "data.tar.zst"), "");
				plant(join(archive, "index.json"));
			});
			assert.equal(listed.length, 2);
			const [, why] = listed.find(([name]) => name === "odd") ?? [];
			assert.match(String(why), new RegExp(what));
			assert.doesNotMatch(String(why), /secret|hello/);
			const { at, destination } = await withGood(HOSTILE[3] as Hostile);
			mkdirSync(join(at, "snapshot.7"));
			plant(join(at, "snapshot.7/holdfast.json"));
			const [odd, good] = await destination.list(quiet);
			assert.match(odd?.damaged ?? "", new RegExp(what));
			assert.equal(good?.metadata?.run, "one");
		});

	test("tar: a folder of somebody else's is no archive, whatever it holds", async () => {
		assert.equal((await inTar(() => {})).length, 1);
		assert.deepEqual(
			(await inTar((one) => writeFileSync(join(one, "index.json"), '{"name":"a-web-app"}')))[0],
			["odd", undefined],
		);
	});

	test("tar: an archive whose index is gone, or that is a symlink, is not passed over", async () => {
		const gone = await inTar((archive) => writeFileSync(join(archive, "data.tar.zst"), ""));
		assert.match(JSON.stringify(gone), /its index.json is missing/);
		const elsewhere = mkdtempSync(join(folder, "elsewhere-"));
		const link = await inTar((archive) => {
			HOSTILE[0]?.plant(elsewhere, "other", valid());
			rmSync(archive, { recursive: true });
			symlinkSync(join(elsewhere, "other"), archive);
		});
		assert.match(JSON.stringify(link), /it is a symlink/);
	});

	test("localbackup: a number without end does not occupy rsnapshot for ever", async () => {
		const { at, destination } = await withGood(HOSTILE[3] as Hostile);
		mkdirSync(join(at, "snapshot.99999999999999"));
		await destination.create(
			{ name: "good-2", roots: [{ path: files, exclude: [] }], metadata: metadataOf("two") },
			false,
			quiet,
		);
		assert.deepEqual(goodOnes(await destination.list(quiet)), ["good-1", "good-2"]);
	});
});

test("many large descriptions are bounded in sum, and hide none that this machine made [long]", {
	timeout: 120_000,
}, async () => {
	const place = new Place(folder);
	place.write("own/file", "mine");
	place.declare({ state: { s: { folders: [place.path("own")] } } });
	assert.equal((await place.holdfast("create")).code, 0);
	const archives = place.path("archives");
	const [mine = ""] = readdirSync(archives);
	const index = JSON.parse(readFileSync(join(archives, mine, "index.json"), "utf8"));
	for (let count = 0; count < 150; count++) {
		const { metadata } = structuredClone(index);
		// Half of them name many folders, half many states.
		if (count % 2 === 0)
			for (let one = 0; one < 9_000; one++)
				metadata.states.s.folders.push(`/srv/of-${count}/some/folder/that/has/a/long/name/${one}`);
		else
			for (let one = 0; one < 1_900; one++)
				metadata.states[`s${count}-${one}`] = {
					outcome: "good",
					folders: [`/srv/${count}/${one}/${"long".repeat(50)}`],
				};
		// Before and after the genuine one, by name and by time.
		const time = new Date(Date.parse(metadata.created) - (count + 1) * 1000);
		metadata.created = time.toISOString();
		const at = join(archives, mine.replace(/\d{6}Z/, `${String(count * 9).padStart(6, "0")}Z`));
		mkdirSync(at);
		writeFileSync(join(at, "data.tar.zst"), readFileSync(join(archives, mine, "data.tar.zst")));
		writeFileSync(join(at, "index.json"), JSON.stringify({ ...index, metadata }));
	}
	for (const words of ["list --json", "restore --dry-run tar latest"]) {
		const { child, ended } = place.start(words.split(" "));
		let most = 0;
		const look = setInterval(() => {
			try {
				const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
				most = Math.max(most, Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1000);
			} catch {
				// It has ended.
			}
		}, 20);
		let said = "";
		for (const stream of [child.stdout, child.stderr])
			stream?.on("data", (chunk) => {
				said += chunk;
			});
		const { code } = await ended;
		clearInterval(look);
		assert.ok(most > 40 && most < 150, `${words}: ${most} MB`);
		if (words.startsWith("list")) assert.match(said, new RegExp(mine));
		if (words.startsWith("restore")) {
			assert.equal(code, 0, said);
			assert.match(said, new RegExp(`latest is .*${mine}|${mine}`));
		}
	}
});
