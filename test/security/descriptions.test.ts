// Whoever can write to a destination writes what archives say of themselves. One that is not understood is shown with the
// reason, is never chosen nor removed, and hides no other: on every engine, by its real program.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
	cpSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	symlinkSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { openFolder } from "../../src/host/folder.ts";
import type { ProviderOptions } from "../../src/manifest/schema.ts";
import { readComment } from "../../src/providers/borgbackup/comments.ts";
import { readList } from "../../src/providers/command/names.ts";
import { snapshotsIn } from "../../src/providers/localbackup/snapshots.ts";
import { MOST_METADATA_BYTES, metadataText, readMetadata } from "../../src/providers/metadata.ts";
import type { Archive, Destination, Metadata } from "../../src/providers/provider.ts";
import { openProvider } from "../../src/providers/registry.ts";
import { archivesIn } from "../../src/providers/restic/archives.ts";
import { readAbout } from "../../src/providers/restic/snapshots.ts";
import { lookAt } from "../../src/providers/tar/index-file.ts";
import { setUpEngines } from "../providers/engines.ts";
import { intoFolder, metadataOf, quiet } from "../providers/fixtures.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("descriptions");
setUpEngines(folder);
const numRuns = Number(process.env.HOLDFAST_ROUNDS) || 60;

interface Hostile {
	readonly type: "tar" | "borgbackup" | "restic" | "localbackup";
	options(at: string): ProviderOptions;
	/** An archive that bears our mark, and says this of itself. `name` is not heeded where the engine gives one. */
	plant(at: string, name: string, text: string): void;
	/** Each run of its program takes a second: of what all engines do alike it shows a few samples. */
	readonly slow?: true;
}

const passphraseFile = join(folder, "passphrase");
const files = mkdtempSync(join(folder, "files-"));
writeFileSync(join(files, "file"), "not from here");
const run = (at: string, argv: readonly string[]) =>
	execFileSync(argv[0] ?? "", argv.slice(1), {
		cwd: "/",
		stdio: ["ignore", "ignore", "pipe"],
		env: {
			...process.env,
			RESTIC_REPOSITORY: at,
			RESTIC_PASSWORD_FILE: passphraseFile,
			BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: "yes",
		},
	});
let snapshots = 100;

const HOSTILE: readonly Hostile[] = [
	{
		type: "tar",
		options: (path) => ({ type: "tar", destinations: { there: { path } }, retention: { keepLast: 1 } }),
		plant: (at, name, text) => {
			mkdirSync(join(at, name));
			writeFileSync(join(at, name, "data.tar.zst"), "");
			writeFileSync(
				join(at, name, "index.json"),
				`{"format":"holdfast-tar","version":1,"metadata":${text},"segments":[]}`,
			);
		},
	},
	{
		type: "borgbackup",
		options: (repo) => ({
			type: "borgbackup",
			destinations: { there: { repo, encryption: "none" } },
			retention: { keepLast: 1 },
		}),
		plant: (at, name, text) => {
			const comment = `holdfast:${text}`.replaceAll("{", "{{").replaceAll("}", "}}");
			run(at, ["borg", "create", "--comment", comment, `${at}::${name}`, files.slice(1)]);
		},
		slow: true,
	},
	{
		type: "restic",
		options: (repo) => ({
			type: "restic",
			destinations: { there: { repo, passphraseFile } },
			retention: { keepLast: 1 },
		}),
		plant: (at, name, text) => {
			const about = deflateRawSync(text).toString("base64url");
			run(at, ["restic", "backup", "-q", `--tag=holdfast=${name}`, `--tag=holdfast-about=${about}`, files]);
		},
		slow: true,
	},
	{
		type: "localbackup",
		options: (directory) => ({
			type: "localbackup",
			destinations: { there: { directory } },
			retention: { keepLast: 1 },
		}),
		plant: (at, name, text) => {
			const snapshot = join(at, `snapshot.${snapshots++}`);
			mkdirSync(snapshot);
			writeFileSync(
				join(snapshot, "holdfast.json"),
				`{"name":${JSON.stringify(name)},"metadata":${text},"roots":[]}`,
			);
		},
	},
];

const valid = (change: object = {}) => JSON.stringify({ ...metadataOf("forged"), ...change });
const state = (change: object) => ({
	states: { notes: { outcome: "good", folders: ["/srv/notes"], ...change } },
});

/** What bears the mark and is not understood. */
const DAMAGED: Readonly<Record<string, string>> = {
	null: "null",
	"a list": "[]",
	"an empty map": "{}",
	"without states": '{"version":1,"machine":"laptop"}',
	"states that are null": valid({ states: null }),
	"no state": valid({ states: {} }),
	"a version that is text": valid({ version: "1" }),
	"version 0": valid({ version: 0 }),
	"a name that is a path": valid({ machine: "../../etc" }),
	"a time that is none": valid({ created: "yesterday" }),
	"a relative folder": valid(state({ folders: ["srv"] })),
	"a folder with ..": valid(state({ folders: ["/srv/../etc"] })),
	"all of the machine": valid(state({ folders: ["/"] })),
	"a path with NUL": valid(state({ folders: ["/srv/a\0b"] })),
	"a stored path that leads out": valid(state({ stored: { "/srv/notes": "/../etc" } })),
	"a dump that is no map": valid(state({ dumps: [{ dump: null, stored: "/x", facts: {} }] })),
	"a dump stored nowhere": valid(state({ dumps: [{ dump: {}, stored: "x", facts: {} }] })),
	"another outcome": valid(state({ outcome: "splendid" })),
	"lists within lists": `${valid().slice(0, -1)},"later":${"[".repeat(5000)}${"]".repeat(5000)}}`,
	"folders without end": valid(state({ folders: Array.from({ length: 20_000 }, (_, one) => `/srv/${one}`) })),
	megabytes: valid(state({ reason: "x".repeat(1_100_000) })),
};

const SAMPLES = ["null", DAMAGED["without states"] ?? "", DAMAGED["lists within lists"] ?? ""];

/** What is none of ours to judge, and no damage. */
const NEWER = valid({ version: 2, states: { "?": 1 } });

/** By engine: a repository with one good archive, to be copied. */
const templates = new Map<string, string>();

async function withGood(hostile: Hostile): Promise<{ at: string; destination: Destination }> {
	const at = join(mkdtempSync(join(folder, `${hostile.type}-`)), "there");
	const [destination] = await openProvider(hostile.type, hostile.options(at));
	assert.ok(destination);
	const template = templates.get(hostile.type);
	if (template !== undefined) cpSync(template, at, { recursive: true });
	else {
		const roots = [{ path: files, exclude: [] }];
		await destination.create({ name: "good-1", roots, metadata: metadataOf("one") }, true, quiet);
		// A second of work, and borg would see that it is a copy.
		if (hostile.type !== "restic") return { at, destination };
		templates.set(hostile.type, `${at}-as-it-was`);
		cpSync(at, `${at}-as-it-was`, { recursive: true });
	}
	return { at, destination };
}

const goodOnes = (archives: readonly Archive[]) =>
	archives.filter(({ metadata }) => metadata !== undefined).map(({ name }) => name);

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

		test("is never the latest; named, it says why not; prune, diff and adopt go on", async () => {
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
				assert.match(listed.stderr, /is damaged: its description does not fit/);
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
				/^damaged +its description does not fit/m,
			);
			assert.match((await done(1, "archives", "hold", bad.id)).stderr, /is damaged/);
			await done(0, "create");
			await done(0, "prune", "--yes");
			const left = JSON.parse((await done(0, "list", "--json")).stdout).archives as Archive[];
			assert.equal(left.filter(({ damaged }) => damaged !== undefined).length, 1);
			assert.equal(goodOnes(left).length, 1);
			const check = await done(1, "check");
			assert.match(check.stderr, /its description does not fit/);
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
		assert.match(JSON.stringify(gone), /its index.json is not there/);
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

test("localbackup: of two archives of one name neither is taken for the other, and removing the name removes neither", async () => {
	const hostile = HOSTILE[3] as Hostile;
	const { at, destination } = await withGood(hostile);
	hostile.plant(at, "good-1", valid());
	const listed = await destination.list(quiet);
	assert.deepEqual(listed.map(({ name }) => name).sort(), ["snapshot.0", `snapshot.${snapshots - 1}`]);
	for (const { damaged } of listed) assert.match(damaged ?? "", /2 snapshots say that they are good-1/);
	await destination.remove(["good-1"], quiet);
	assert.equal((await destination.list(quiet)).length, 2);
	await assert.rejects(
		destination.restore("good-1", [files], intoFolder(folder), quiet),
		/there is no archive good-1/,
	);
});

test("restic: odd snapshots make no archive of ours, each for its reason", () => {
	let number = 0;
	const snapshot = (...tags: string[]) => {
		const id = String(number++).padStart(64, "0");
		return { id, short_id: id.slice(-8), time: new Date().toISOString(), tree: "", paths: [], tags };
	};
	const about = (text: string) => `holdfast-about=${deflateRawSync(text).toString("base64url")}`;
	const found = archivesIn([
		snapshot("holdfast=good", about(valid())),
		snapshot("holdfast-part=good"),
		snapshot("somebody's"),
		snapshot("holdfast=x1", "holdfast-about=!!!!"),
		snapshot("holdfast=x2", "holdfast-about="),
		snapshot("holdfast=x3"),
		snapshot(about(valid())),
		snapshot("holdfast=../x", about(valid())),
		snapshot("holdfast=", about(valid())),
	]);
	assert.deepEqual(
		found.map(({ archive: { name, damaged, metadata } }) => [name, damaged ?? metadata?.run]).sort(),
		[
			["00000002", undefined],
			["00000006", "it has no tag holdfast=NAME"],
			["00000007", "its tag has a name that no archive can have"],
			["00000008", "its tag has a name that no archive can have"],
			["good", "forged"],
			["x1", "its description cannot be inflated"],
			["x2", "its description is too large: more than 1024 KiB"],
			["x3", "its description is not there"],
		],
	);
});

test("restic: odd tags cost their snapshot alone, and so does a name that another has", async () => {
	const hostile = HOSTILE[2] as Hostile;
	const { at, destination } = await withGood(hostile);
	const about = (text: string | Buffer) =>
		`--tag=holdfast-about=${deflateRawSync(text).toString("base64url")}`;
	const odd = [
		{ tags: ["--tag=holdfast=x2", about(Buffer.alloc(90 * 1024 ** 2))], why: /is too large/ },
		{ tags: ["--tag=holdfast=x4", about(valid())], why: /2 snapshots say that they are x4/ },
		{ tags: ["--tag=holdfast=x4", about(valid({ run: "other" }))], why: /2 snapshots say that they are x4/ },
	];
	for (const { tags } of odd) run(at, ["restic", "backup", "-q", ...tags, files]);
	run(at, [
		"restic",
		"backup",
		"-q",
		"--tag=holdfast=dated",
		about(valid({ created: "9999-12-31T23:59:59Z" })),
		files,
	]);
	const unreadable = join(at, "snapshots", "ab".repeat(32));
	writeFileSync(unreadable, "no snapshot");
	const before = process.memoryUsage().rss;
	const listed = await destination.list(quiet);
	assert.ok(process.memoryUsage().rss - before < 64 * 1024 ** 2);
	assert.deepEqual(goodOnes(listed), ["good-1", "dated"]);
	// The time is restic's own.
	assert.ok(Date.parse(listed.find(({ name }) => name === "dated")?.created ?? "") <= Date.now());
	assert.match(listed.find(({ name }) => name === "abababab")?.damaged ?? "", /restic cannot read it/);
	const reasons = listed.flatMap(({ damaged }) => damaged ?? []);
	assert.equal(reasons.length, odd.length + 1);
	for (const { why } of odd)
		assert.ok(
			reasons.some((reason) => why.test(reason)),
			String(why),
		);
	// restic itself removes nothing while there is one that it cannot read.
	rmSync(unreadable);
	await destination.remove(["x4"], quiet);

	// A tag that was cut off between the new snapshot and the old one leaves one archive.
	const env = { ...process.env, RESTIC_REPOSITORY: at, RESTIC_PASSWORD_FILE: passphraseFile };
	const words = ["snapshots", "--json", "--tag=holdfast=good-1"];
	const [old] = JSON.parse(execFileSync("restic", words, { env, encoding: "utf8" })) as { id: string }[];
	assert.ok(old);
	const file = join(at, "snapshots", old.id);
	const content = readFileSync(file);
	const metadata = listed.find(({ name }) => name === "good-1")?.metadata;
	assert.ok(metadata);
	await destination.describe(
		"good-1",
		{ ...metadata, hold: { reason: "x", since: metadata.created } },
		quiet,
	);
	writeFileSync(file, content);
	const twice = await destination.list(quiet);
	assert.deepEqual(
		twice.flatMap(({ name, metadata: found }) => (found ? [[name, found.hold?.reason]] : [])),
		[
			["good-1", "x"],
			["dated", undefined],
		],
	);
	assert.equal(twice.length, listed.length - 1);
});

test("borg: an entry longer than a megabyte, and one that leads nowhere, cost their archive alone", async () => {
	const hostile = HOSTILE[1] as Hostile;
	const { at, destination } = await withGood(hostile);
	hostile.plant(at, "dated", valid({ created: "9999-12-31T23:59:59Z" }));
	// borg's command takes no such comment; its own code does.
	const borg = execFileSync("sh", ["-c", "command -v borg"], { encoding: "utf8" }).trim();
	const python =
		readFileSync(borg, "utf8")
			.split("\n")[0]
			?.replace(/^#!\s*/, "") ?? "";
	execFileSync(python, ["-c", LONG_COMMENT, at], {
		env: { ...process.env, BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: "yes" },
	});
	const listed = await destination.list(quiet);
	assert.deepEqual(goodOnes(listed), ["good-1", "dated"], JSON.stringify(listed));
	// The time is borg's own.
	assert.ok(Date.parse(listed.find(({ name }) => name === "dated")?.created ?? "") <= Date.now());
	assert.match(listed.find(({ name }) => name === "long")?.damaged ?? "", /too large|borg cannot read it/);
	assert.match(listed.find(({ name }) => name === "ghost")?.damaged ?? "", /borg cannot read it/);
	// Also where nothing is remembered.
	rmSync(join(folder, "cache"), { recursive: true });
	assert.deepEqual(goodOnes(await destination.list(quiet)), ["good-1", "dated"]);
});

const LONG_COMMENT = `
import os, sys
from datetime import datetime
from borg.logger import setup_logging
setup_logging()
from borg.repository import Repository
from borg.helpers import Manifest
from borg.archive import Archive
from borg.cache import Cache
with Repository(sys.argv[1], exclusive=True) as repository:
    manifest, key = Manifest.load(repository, Manifest.NO_OPERATION_CHECK)
    with Cache(repository, key, manifest, lock_wait=1) as cache:
        archive = Archive(repository, key, manifest, "long", cache=cache, create=True)
        archive.save(comment="holdfast:" + "x" * 3_000_000)
    manifest.archives["ghost"] = (os.urandom(32), datetime.utcnow())
    manifest.write()
    repository.commit(compact=False)
`;

describe("whatever JSON an archive says of itself", () => {
	const metadata = metadataOf("one") as Metadata;
	/** Any JSON, and valid metadata with anything at one place. */
	const anything = fc.oneof(
		fc.json({ maxDepth: 8 }),
		fc.string({ unit: "binary", maxLength: 200 }),
		fc
			.tuple(fc.constantFrom(...pathsOf(metadata)), fc.jsonValue({ maxDepth: 3 }))
			.map(([path, value]) => JSON.stringify(changedAt(metadata, path, value))),
	);
	const wellFormed = ({
		metadata: found,
		damaged,
		newer,
	}: {
		metadata?: Metadata;
		damaged?: string;
		newer?: object;
	}) => {
		assert.ok([found, damaged, newer].filter((one) => one !== undefined).length === 1);
		if (found) assert.doesNotThrow(() => JSON.stringify(found) && metadataText(found));
		if (damaged !== undefined) assert.ok(damaged.length > 0 && damaged.length < 400, damaged);
	};

	test("no parser of an engine's throws, or says too much", async () => {
		const tar = mkdtempSync(join(folder, "any-tar-"));
		const local = mkdtempSync(join(folder, "any-local-"));
		mkdirSync(join(local, "snapshot.0"));
		mkdirSync(join(local, "snapshot.1"));
		writeFileSync(
			join(local, "snapshot.1/holdfast.json"),
			JSON.stringify({ name: "good-1", metadata, roots: ["/srv/notes"] }),
		);
		await fc.assert(
			fc.asyncProperty(anything, async (text) => {
				wellFormed(readMetadata(text));
				wellFormed(readComment(`holdfast:${text}`));
				const tag = `holdfast-about=${deflateRawSync(text).toString("base64url")}`;
				wellFormed(readAbout({ id: "", short_id: "", time: "", tree: "", paths: [], tags: [tag] }));
				for (const inner of [
					text,
					`{"format":"holdfast-tar","version":1,"metadata":${text},"segments":[]}`,
				]) {
					writeFileSync(join(tar, "index.json"), inner);
					using open = openFolder(tar);
					const look = await lookAt(open);
					if (look?.index === undefined && look?.newer === undefined && look?.damaged === undefined)
						assert.deepEqual(look, {});
				}
				for (const inner of [text, `{"name":"x","metadata":${text},"roots":[]}`]) {
					writeFileSync(join(local, "snapshot.0/holdfast.json"), inner);
					const [first, second] = await snapshotsIn(local);
					assert.ok(first);
					assert.equal(second?.archive.name, "good-1");
				}
			}),
			{ numRuns },
		);
	});

	test("what is understood comes back as it was", () => {
		const read = readMetadata(JSON.stringify({ ...metadata, later: { a: 1 } })).metadata;
		assert.deepEqual(JSON.parse(metadataText(read as Metadata)), { ...metadata, later: { a: 1 } });
	});
});

/** The place of every value in a map. */
function pathsOf(value: unknown, above: readonly string[] = []): string[][] {
	if (typeof value !== "object" || value === null) return [[...above]];
	return [[...above], ...Object.entries(value).flatMap(([key, item]) => pathsOf(item, [...above, key]))];
}

function changedAt(value: unknown, [key, ...rest]: readonly string[], to: unknown): unknown {
	if (key === undefined) return to;
	const copy = Array.isArray(value) ? [...value] : { ...(value as object) };
	(copy as Record<string, unknown>)[key] = changedAt((value as Record<string, unknown>)[key], rest, to);
	return copy;
}

describe("what could not be read back is not written", () => {
	for (const hostile of HOSTILE)
		test(`${hostile.type}: a description that is too large is refused before anything is stored`, async () => {
			const { destination } = await withGood(hostile);
			const folders = Array.from({ length: 9_000 }, (_, one) => `/srv/${"long-name-".repeat(12)}${one}`);
			const large: Metadata = { ...metadataOf("two"), states: { notes: { outcome: "good", folders } } };
			assert.ok(JSON.stringify(large).length > MOST_METADATA_BYTES);
			const request = { name: "good-2", roots: [{ path: files, exclude: [] }], metadata: large };
			await assert.rejects(
				destination.create(request, false, quiet),
				/the archive's description takes 1\d+ KiB/,
			);
			assert.deepEqual(goodOnes(await destination.list(quiet)), ["good-1"]);
			await destination.create({ ...request, metadata: metadataOf("two") }, false, quiet);
		});
});

test("names that a list command prints are bounded, and show what they are", () => {
	const names = (text: string) =>
		readList("mine", text).map(({ name, damaged }) => (damaged ? { damaged } : name));
	assert.deepEqual(names("a\r\n\n b c \nä::ö/ü\n"), ["a", " b c ", "ä::ö/ü"]);
	assert.deepEqual(names('[{"name":"x","more":1}]'), ["x"]);
	for (const odd of ["\u001b[2Ja", "a\u0000b", "a\u202eb", "a\u200bb", "\u009b1m"]) {
		assert.deepEqual(names(JSON.stringify([{ name: odd }, { name: "good" }])), [
			{ damaged: "its name has control characters" },
			"good",
		]);
		const [shown] = readList("mine", JSON.stringify([{ name: odd }]));
		assert.doesNotMatch(shown?.name ?? "", /[\p{Cc}\p{Cf}]/u);
	}
	assert.match(JSON.stringify(names("x".repeat(2_000))), /more than 1024 characters/);
	assert.throws(() => names("a\n".repeat(100_001)), /printed 100001 names/);
	for (const text of ["[1]", "[{}]", '[{"name":""}]', "[null]", "[[", "{}\n[".slice(3)])
		assert.throws(() => names(text), /printed JSON that is not a list/, text);
});

test("archives as 0.1.0 wrote them are read", () => {
	const dump = {
		dump: { postgresql: "app" },
		stored: "/var/lib/holdfast/spool/x/app.pgdump",
		facts: { owner: "app", version: 15 },
	};
	const old = {
		version: 1,
		machine: "web01",
		run: "2026-11-24T010000Z-k3x9",
		created: "2026-11-24T01:00:00.123Z",
		manifest: "/var/lib/holdfast/spool/disk.usb/manifest.json",
		states: {
			notes: { outcome: "good", folders: ["/srv/notes"], stored: { "/srv/notes": "/data/notes" } },
			shop: {
				outcome: "failed",
				folders: [],
				reason: "could not read /srv/shop: Permission denied\nand more",
			},
			app: {
				outcome: "good",
				folders: [],
				dumps: [dump, { ...dump, accounts: "/var/lib/holdfast/spool/x/accounts.sql" }],
			},
		},
		maker: { holdfast: "0.1.0", user: "root", host: "web01" },
		hold: { reason: "the audit", since: "2026-11-25T01:00:00.000Z" },
	};
	const { metadata } = readMetadata(JSON.stringify(old));
	assert.deepEqual(JSON.parse(JSON.stringify(metadata)), old);
});
