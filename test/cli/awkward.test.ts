// Input that has broken other backup programs: each case gets a clear error or simply works, and nothing is lost.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { AWKWARD_NAMES, factsOf, fillAwkward, isRoot } from "../support/tree.ts";

const folder = scratch("awkward");

function placeWithData(): Place {
	const place = new Place(folder);
	place.write("data/file", "precious");
	place.declare({ state: { data: { folders: [place.path("data")] } } });
	return place;
}

const PROVIDERS = {
	tar: (place: Place) => ({ tar: { destinations: { disk: { path: place.path("archives") } } } }),
	borgbackup: (place: Place) => ({
		borgbackup: { destinations: { disk: { repo: place.path("repo"), encryption: "none" } } },
	}),
};

for (const [provider, options] of Object.entries(PROVIDERS)) {
	describe(`with ${provider}${provider === "tar" ? "" : " [long]"}`, () => {
		test("folders with every odd name and every kind of file come back by one restore", async () => {
			const place = new Place(folder);
			const names = ["plain", ...AWKWARD_NAMES.filter((name) => name.trim() !== "")];
			const folders = names.map((name) => place.path("own", name));
			for (const one of folders) {
				mkdirSync(one, { recursive: true });
				writeFileSync(join(one, "file"), one);
			}
			fillAwkward(place.path("own/plain"));
			place.declare({ state: { all: { folders, specialFiles: true } }, providers: options(place) });
			const created = await place.holdfast("create");
			assert.equal(created.code, 0, created.stderr);
			const before = factsOf(place.path("own"));
			rmSync(place.path("own"), { recursive: true });
			const restored = await place.holdfast("restore", "--yes", provider, "latest");
			assert.equal(restored.code, 0, restored.stderr);
			// The folder that holds them was created again, with the current time.
			assert.deepEqual(factsOf(place.path("own")).slice(1), before.slice(1));
		});

		test("what was not in the archive is gone after a restore: the result is no mix", async () => {
			const place = placeWithData();
			place.declare({ state: { data: { folders: [place.path("data")] } }, providers: options(place) });
			await place.holdfast("create");
			place.write("data/newer", "not in the archive");
			const { code } = await place.holdfast("restore", "--yes", provider, "latest");
			assert.equal(code, 0);
			assert.deepEqual(readdirSync(place.path("data")), ["file"]);
		});

		test("no space in the destination: said so, and nothing half is listed", {
			skip: !isRoot && "needs root",
		}, async () => {
			const place = placeWithData();
			place.write("data/large", randomBytes(12_000_000));
			mkdirSync(place.path("small"));
			mkdirSync(place.path("repo"));
			mkdirSync(place.path("archives"));
			place.declare({ state: { data: { folders: [place.path("data")] } }, providers: options(place) });
			const target = provider === "tar" ? "archives" : "repo";
			const { code, stdout, stderr } = await place.start(
				["list", "--json"],
				[
					"unshare",
					"-m",
					"sh",
					"-c",
					`mount -t tmpfs -o size=8m tmpfs "${place.path(target)}"
					"$1" create >&2; echo "create ended with $?" >&2; ls -A "${place.path(target)}" >&2; exec "$@"`,
					"sh",
				],
			).ended;
			assert.match(stderr, /create ended with 1/);
			assert.match(stderr, /[Nn]o space left/);
			assert.doesNotMatch(stderr, /\.partial/);
			if (code === 0) assert.deepEqual(JSON.parse(stdout).archives, []);
		});

		test("a missing program is named with the package that brings it", async () => {
			const place = placeWithData();
			place.declare({ state: { data: { folders: [place.path("data")] } }, providers: options(place) });
			mkdirSync(place.path("bin"));
			const wrapper = ["env", `PATH=${place.path("bin")}`];
			for (const program of ["sh", "env", "setpriv", "sync"]) linkProgram(place.path("bin"), program);
			const { code, stderr } = await place.start(["create"], wrapper).ended;
			assert.equal(code, 1, stderr);
			assert.match(stderr, provider === "tar" ? /apt-get install tar/ : /apt-get install borgbackup/);
		});
	});
}

test("no space for the journal: nothing is begun", { skip: !isRoot && "needs root" }, async () => {
	const place = placeWithData();
	mkdirSync(place.path("state"));
	const { code, stderr } = await place.holdfastAfter(
		`mount -t tmpfs -o size=64k tmpfs "${place.path("state")}"; cat /dev/zero >"${place.path("state/filler")}" 2>/dev/null || true`,
		"create",
	);
	assert.equal(code, 1);
	assert.match(stderr, /journal in .*\n.*full/);
	assert.ok(!existsSync(place.path("archives")));
});

for (const name of [
	"../data",
	"/etc/passwd",
	"a/../../b",
	"two\nlines",
	"::",
	"x::y::z",
	"",
	" ",
	"-x",
	"..",
]) {
	test(`the archive ${JSON.stringify(name)} is refused, and nothing is touched`, async () => {
		const place = placeWithData();
		await place.holdfast("create");
		const { code, stderr } = await place.holdfast("restore", "--yes", "--", "tar", name);
		assert.equal(code, 2, stderr);
		assert.match(
			stderr,
			/there is no archive|is not a valid archive name|has no destination|a word of the command is empty/,
		);
		assert.equal(readFileSync(place.path("data/file"), "utf8"), "precious");
	});
}

test("a folder that is not there costs its state the backup, and no other", async () => {
	const place = placeWithData();
	place.declare({
		state: { data: { folders: [place.path("data")] }, gone: { folders: [place.path("gone")] } },
	});
	const { code, stderr } = await place.holdfast("create");
	assert.equal(code, 3);
	assert.match(stderr, /the folder .*\/gone does not exist\n/);
});

test("a restore replaces nothing without a terminal to ask on, unless --yes", async () => {
	const place = placeWithData();
	await place.holdfast("create");
	const { code, stderr } = await place.holdfast("restore", "tar", "latest");
	assert.equal(code, 2);
	assert.match(stderr, /no terminal to ask for confirmation/);
	const dry = await place.holdfast("restore", "--dry-run", "tar", "latest");
	assert.equal(dry.code, 0);
	assert.match(dry.stdout, /put .*\/data aside/);
	assert.deepEqual(
		readdirSync(place.folder).filter((name) => name.startsWith(".holdfast")),
		[],
	);
});

test("a failing postRestore puts the old state back", async () => {
	const place = placeWithData();
	await place.holdfast("create");
	place.declare({ state: { data: { folders: [place.path("data")], hooks: { postRestore: "exit 3" } } } });
	place.write("data/file", "newer");
	const { code, stderr } = await place.holdfast("restore", "--yes", "tar", "latest");
	assert.equal(code, 1);
	assert.match(stderr, /postRestore of data ended with exit code 3/);
	assert.equal(readFileSync(place.path("data/file"), "utf8"), "newer");
	assert.deepEqual(
		readdirSync(place.folder).filter((name) => name.startsWith(".holdfast")),
		[],
	);
});

test("a service that answers at once is asked once", async () => {
	const server = createServer((_, answer) => answer.end("ok"));
	// Browsers, and libraries modelled on them, refuse this port.
	const port = 10_080;
	await new Promise<void>((ready) => server.listen(port, "127.0.0.1", ready));
	const place = placeWithData();
	await place.holdfast("create");
	place.declare({
		state: {
			data: {
				folders: [place.path("data")],
				healthChecks: [{ http: `http://127.0.0.1:${port}/`, within: "30s" }],
			},
		},
	});
	const { code, stdout } = await place.holdfast("restore", "--yes", "--json", "tar", "latest");
	server.close();
	assert.equal(code, 0, stdout);
	assert.doesNotMatch(stdout, /retrying/);
});

test("a damaged archive is refused, and the live folder stays", async () => {
	const place = placeWithData();
	await place.holdfast("create");
	const [archive = ""] = readdirSync(place.path("archives"));
	const data = place.path("archives", archive, "data.tar.zst");
	const bytes = readFileSync(data);
	bytes[30] = (bytes[30] ?? 0) ^ 1;
	writeFileSync(data, bytes);
	const { code, stderr } = await place.holdfast("restore", "--yes", "tar", "latest");
	assert.equal(code, 1);
	assert.match(stderr, /is damaged in the archive/);
	assert.equal(readFileSync(place.path("data/file"), "utf8"), "precious");
});

function linkProgram(bin: string, program: string): void {
	for (const below of (process.env.PATH ?? "").split(":")) {
		if (!existsSync(join(below, program))) continue;
		writeFileSync(join(bin, program), `#!/bin/sh\nexec ${join(below, program)} "$@"\n`, { mode: 0o755 });
		return;
	}
}

const program = `${import.meta.dirname}/../../bin/holdfast`;
const nameless = ["--reuid=54321", "--regid=54321", "--clear-groups", "--"];
/**
 * If the checkout is below /root, for example, another user cannot run the program at all, which is not what is
 * tested.
 */
function whyNotNameless(): string | false {
	if (!isRoot) return "only root can become somebody else";
	const { status } = spawnSync("setpriv", [...nameless, "test", "-x", program]);
	return status === 0 ? false : "the program is in a folder that others may not enter";
}

test("whoever has a number and no name backs up and restores as well", {
	skip: whyNotNameless(),
}, async () => {
	const place = placeWithData();
	execFileSync("chown", ["-R", "54321:54321", place.folder]);
	// Only root can enter the scratch folder.
	const mine = mkdtempSync("/tmp/holdfast-nameless-");
	try {
		renameSync(place.folder, join(mine, "at"));
		execFileSync("chown", ["54321:54321", mine]);
		const config = JSON.stringify({
			machines: {
				web01: {
					state: { data: { folders: [join(mine, "at/data")] } },
					providers: { tar: { destinations: { disk: { path: join(mine, "at/archives") } } } },
				},
			},
		});
		writeFileSync(join(mine, "at/holdfast.json"), config, { mode: 0o644 });
		const run = (...words: string[]) =>
			spawnSync(
				"setpriv",
				[
					...[...nameless, "env", `HOME=${mine}`],
					...[`HOLDFAST_STATE_DIR=${mine}/state`, `HOLDFAST_RUNTIME_DIR=${mine}/run`],
					...[program, ...words],
				],
				{ cwd: join(mine, "at"), encoding: "utf8" },
			);
		const created = run("create");
		assert.equal(created.status, 0, created.stderr);
		writeFileSync(join(mine, "at/data/file"), "changed");
		const restored = run("restore", "--yes", "tar", "latest");
		assert.equal(restored.status, 0, restored.stderr);
		assert.equal(readFileSync(join(mine, "at/data/file"), "utf8"), "precious");
		assert.match(run("archives", "show", "latest").stdout, /by +uid 54321@/);
	} finally {
		rmSync(mine, { recursive: true });
	}
});
