// The last good archive of a state sets expectations for the next: disks that are not mounted, missing data, files
// that change while they are read.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { lstatSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { measure } from "../../src/engines/measure.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { isRoot } from "../support/tree.ts";

const below = scratch("expectations");
const LARGE = 24 * 1000 * 1000;
const root = { skip: isRoot ? false : "only root can mount" };

async function ends(place: Place, code: number, ...words: string[]) {
	const output = await place.holdfast(...words);
	assert.equal(output.code, code, `${words.join(" ")}\n${output.stdout}${output.stderr}`);
	return output;
}

test("a state that has become next to nothing is stored, and is in doubt until a person accepts it", async () => {
	const place = new Place(below);
	place.write("own/data", randomBytes(LARGE));
	place.write("other/file", "as it was");
	place.declare({
		state: { s: { folders: [place.path("own")] }, other: { folders: [place.path("other")] } },
		providers: {
			tar: { destinations: { disk: { path: place.path("archives") } }, retention: { keepLast: 1 } },
			again: { type: "tar", destinations: { disk2: { path: place.path("archives 2") } } },
		},
	});
	await ends(place, 0, "create");
	const good = JSON.parse((await ends(place, 0, "list", "--json")).stdout).archives[0].id;
	writeFileSync(place.path("own/data"), "little");
	for (let round = 0; round < 2; round++) {
		const { stderr } = await ends(place, 3, "create");
		assert.match(
			stderr,
			/in doubt: state s: its size is .*, but it was 22\.9 MiB when it was last backed up/,
		);
		assert.match(stderr, /holdfast create --service s --accept/);
	}
	const { stdout: table } = await ends(place, 0, "list");
	assert.equal(table.match(/s \(in doubt\), other/g)?.length, 4, "two archives in each of two destinations");
	const { stdout: status } = await ends(place, 1, "status");
	assert.match(status, /✘ web01: s in tar\/disk is in doubt/);
	await ends(place, 0, "prune", "--yes", "--provider", "tar");
	assert.ok((await ends(place, 0, "list")).stdout.includes(good), "the last that is not in doubt stays");
	const { stderr } = await ends(place, 0, "restore", "--yes", "--service", "s", "tar", "latest");
	assert.match(stderr, /is in doubt: s: its size is/);
	assert.equal(statSync(place.path("own/data")).size, LARGE);

	writeFileSync(place.path("own/data"), "little");
	await ends(place, 0, "create", "--accept");
	await ends(place, 0, "create");
	assert.match((await ends(place, 0, "status")).stdout, /✔ +web01 +s/);
	await ends(place, 0, "restore", "--yes", "--service", "s", "tar", "latest");
	assert.equal(readFileSync(place.path("own/data"), "utf8"), "little");
});

test("an archive in doubt is restored when it is named, and that it is in doubt is said", async () => {
	const place = new Place(below);
	place.write("own/data", randomBytes(LARGE));
	place.declare({ state: { s: { folders: [place.path("own")] } } });
	await ends(place, 0, "create");
	writeFileSync(place.path("own/data"), "little");
	await ends(place, 3, "create");
	const { id } = JSON.parse((await ends(place, 0, "list", "--json")).stdout).archives.at(-1);
	const { stderr } = await ends(place, 0, "restore", "--yes", "tar", id);
	assert.match(stderr, /is in doubt: s: its size is/);
	assert.match(
		(await ends(place, 0, "archives", "show", id)).stdout,
		/good, in doubt[\s\S]*in doubt: its size is/,
	);
});

test("what is declared to be smaller, or was always small, is not doubted", async () => {
	const place = new Place(below);
	place.write("own/data", randomBytes(LARGE));
	place.write("own/small", randomBytes(9_000_000));
	const declare = (exclude: string[]) =>
		place.declare({ state: { s: { folders: [place.path("own")], exclude } } });
	declare([]);
	await ends(place, 0, "create");
	declare(["data"]);
	await ends(place, 0, "create");
	rmSync(place.path("own/small"));
	await ends(place, 0, "create");
	declare([]);
	await ends(place, 0, "create");
});

test("holes count for nothing: a file that seemed to have terabytes is not missed, nor gone through", async () => {
	const place = new Place(below);
	place.write("own/data", "little");
	execFileSync("truncate", ["-s", "8T", place.path("own/hole")]);
	const began = performance.now();
	const roots = [{ path: place.path("own"), exclude: [] }];
	const bytes = await measure(roots, new AbortController().signal);
	assert.ok(bytes !== undefined && bytes < 100_000, String(bytes));
	assert.ok(performance.now() - began < 60_000);
});

for (const twice of [false, true])
	test(`a database that has lost its rows is doubted${twice ? ", also where its dump goes through a file" : ""}`, async () => {
		const place = new Place(below);
		mkdirSync(place.path("own"));
		const database = new DatabaseSync(place.path("own/app.sqlite"));
		database.exec("CREATE TABLE t (data BLOB)");
		database.prepare("INSERT INTO t VALUES (?)").run(randomBytes(LARGE));
		const disk = (name: string) => ({ path: place.path(name) });
		place.declare({
			state: { s: { folders: [place.path("own")], dumps: [{ sqlite: place.path("own/app.sqlite") }] } },
			providers: { tar: { destinations: { a: disk("a"), ...(twice ? { b: disk("b") } : {}) } } },
		});
		await ends(place, 0, "create");
		database.exec("DELETE FROM t; VACUUM");
		const { stderr } = await ends(place, 3, "create");
		assert.match(stderr, /in doubt: state s: its size is/);
		assert.match((await ends(place, 0, "list")).stdout, /s \(in doubt\)/);
		database.close();
	});

for (const [what, inMount] of [
	["that was a mount point", ""],
	["on a file system", "deep/er"],
] as const)
	test(
		`a folder ${what} that is not mounted any more is a failure, until a person accepts it`,
		root,
		async () => {
			const place = new Place(below);
			const disk = place.path("disk");
			const folder = place.path("disk", inMount);
			mkdirSync(folder, { recursive: true });
			place.write("other/file", "as it was");
			place.declare({
				state: { s: { folders: [folder] }, other: { folders: [place.path("other")] } },
			});
			const mounted = `mount -t tmpfs none ${disk}; mkdir -p ${folder}; echo data >${folder}/file`;
			const first = await place.holdfastAfter(mounted, "create");
			assert.equal(first.code, 0, first.stderr);
			const { stderr } = await ends(place, 3, "create");
			assert.match(
				stderr,
				new RegExp(`${folder} was .* when s was last backed up, but nothing is mounted there now`),
			);
			assert.match(stderr, new RegExp(`mount ${disk}`));
			assert.match((await ends(place, 0, "list")).stdout, /s \(failed\)/);
			assert.equal((await place.holdfastAfter(mounted, "create")).code, 0);
			await ends(place, 0, "create", "--accept");
			await ends(place, 0, "create");
		},
	);

test(
	"so is a disk below a folder; one that is left out, and what programs mount and unmount, is not",
	root,
	async () => {
		const place = new Place(below);
		for (const name of ["own/media/user", "own/cache", "own/layer", "own/emptied", "own/self", "other"])
			place.write(`${name}/.keep`, "");
		execFileSync("sh", ["-ec", "truncate -s 8M $1; mkfs.ext4 -q $1", "sh", place.path("image")]);
		place.declare({
			state: {
				s: { folders: [place.path("own")], exclude: [place.path("own/cache"), place.path("own/emptied/**")] },
				other: { folders: [place.path("other")] },
			},
		});
		const disk = (name: string) => {
			const at = place.path("own", name);
			return `cp ${place.path("image")} ${place.path("image")}-${name.replace("/", "-")}; mount -o loop ${place.path("image")}-${name.replace("/", "-")} ${at}; echo data >${at}/file`;
		};
		const memory = `mount -t tmpfs none ${place.path("own/layer")}`;
		const first = await place.holdfastAfter(`${disk("media/user")}; ${disk("cache")}; ${memory}`, "create");
		assert.equal(first.code, 0, first.stderr);
		const { stderr } = await ends(place, 3, "create");
		assert.match(
			stderr,
			/own\/media\/user was a mount point when s was last backed up, but nothing is mounted/,
		);
		assert.doesNotMatch(stderr, /cache|layer|emptied|self|gone/);
		assert.match((await ends(place, 0, "list")).stdout, /s \(failed\)/);
		const dry = await ends(place, 0, "restore", "--dry-run", "tar", "latest");
		assert.match(
			dry.stdout + dry.stderr,
			/own\/media\/user was on the file system at .* nothing is mounted there now/,
		);
		await ends(place, 0, "create", "--accept");
		await ends(place, 0, "create");
	},
);

test(
	"a disk that goes away while it is read is a failure, however much has merely vanished with it",
	root,
	async () => {
		const place = new Place(below);
		const disk = place.path("disk");
		place.write("disk/shadow", "of the disk below");
		place.write("other/file", "as it was");
		place.declare({ state: { s: { folders: [disk] }, other: { folders: [place.path("other")] } } });
		place.write(
			"unmount",
			`until ls -l /proc/[0-9]*/fd 2>/dev/null | grep -q "${disk}/a"; do :; done; exec umount -l "${disk}"`,
		);
		const { code, stderr } = await place.holdfastAfter(
			`mount -t tmpfs none ${disk}; head -c 100M /dev/urandom >${disk}/a; echo b >${disk}/b; sh ${place.path("unmount")} >/dev/null 2>&1 &`,
			"create",
		);
		assert.equal(code, 3, stderr);
		assert.match(stderr, /was unmounted during the backup/);
	},
);

test("the size that status shows is the state's own, not that of the archive", async () => {
	const place = new Place(below);
	place.write("small/file", "12");
	place.write("large/file", Buffer.alloc(5_000_000, "x"));
	place.declare({
		state: { small: { folders: [place.path("small")] }, large: { folders: [place.path("large")] } },
	});
	await place.holdfast("create");
	const { stdout } = await place.holdfast("status", "--json");
	const { archives } = JSON.parse(stdout);
	const sizes = Object.fromEntries(
		archives.map(({ state, bytes }: { state: string; bytes: number }) => [state, bytes]),
	);
	assert.ok(sizes.small < 100_000, JSON.stringify(sizes));
	assert.ok(sizes.large >= 5_000_000, JSON.stringify(sizes));
});

test("a file that changes while it is read makes a good state fuzzy: the run, list and show say so", async () => {
	const place = new Place(below);
	place.write("own/log", randomBytes(64 * 1000 * 1000));
	place.declare({ state: { s: { folders: [place.path("own")] } } });
	const writer = spawn("sh", ["-c", 'while kill -0 "$1"; do echo line >>log; done', "sh", `${process.pid}`], {
		cwd: place.path("own"),
		stdio: "ignore",
	});
	const { stderr } = await ends(place, 0, "create").finally(() => writer.kill());
	assert.match(stderr, /! s: changed while it was read, .*own\/log/);
	assert.match((await ends(place, 0, "list")).stdout, /s \(fuzzy\)/);
	assert.match(
		(await ends(place, 0, "archives", "show", "latest")).stdout,
		/good, fuzzy[\s\S]*1 file changed while being read/,
	);
	await ends(place, 0, "restore", "--yes", "tar", "latest");
});

test("a database that is declared through a link: what that means is said when it is backed up, and before it is restored", async () => {
	const place = new Place(below);
	mkdirSync(place.path("own"));
	mkdirSync(place.path("real"));
	const database = new DatabaseSync(place.path("real/app.sqlite"));
	database.exec("CREATE TABLE t (data); INSERT INTO t VALUES ('old')");
	database.close();
	symlinkSync("../real/app.sqlite", place.path("own/app.sqlite"));
	place.declare({
		state: { s: { folders: [place.path("own")], dumps: [{ sqlite: place.path("own/app.sqlite") }] } },
	});
	const created = await ends(place, 0, "create");
	assert.match(
		created.stderr,
		/own\/app\.sqlite is a symbolic link, to .*real\/app\.sqlite: its target is dumped/,
	);
	const dry = await ends(place, 0, "restore", "--dry-run", "tar", "latest");
	assert.match(
		dry.stdout + dry.stderr,
		/is a symbolic link, to .*replaces the link; its target is not changed/,
	);
	await ends(place, 0, "restore", "--yes", "tar", "latest");
	assert.ok(lstatSync(place.path("own/app.sqlite")).isFile());
});
