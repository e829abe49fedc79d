// What somebody meets who has not used the program before.
import assert from "node:assert/strict";
import { execFileSync, execSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { describe, test } from "node:test";
import { archiveTable } from "../../src/report/text/tables.ts";
import { ago } from "../../src/report/text/units.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("newcomer");

function placeWith(providers: (place: Place) => object): Place {
	const place = new Place(folder);
	place.write("data/file", "precious");
	place.declare({ state: { data: { folders: [place.path("data")] } }, providers: providers(place) });
	return place;
}

async function succeeds(place: Place, ...words: string[]) {
	const { code, stdout, stderr } = await place.holdfast(...words);
	assert.equal(code, 0, `${words.join(" ")}: ${stderr}`);
	return stdout + stderr;
}

test("status names every destination that failed", async () => {
	const place = placeWith((place) => ({
		tar: { destinations: { usb: { path: place.path("one/usb") }, nas: { path: place.path("two/nas") } } },
	}));
	place.write("one", "a file");
	place.write("two", "a file");
	assert.equal((await place.holdfast("create")).code, 1);
	const { stdout } = await place.holdfast("status");
	const [line = ""] = /the last create failed.*/.exec(stdout) ?? [];
	assert.match(line, /tar\/usb: .*one is a file/);
	assert.match(line, /tar\/nas: .*two is a file/);
});

describe("a passphrase file that does not exist", () => {
	const withBorg = () =>
		placeWith((place) => ({
			borgbackup: {
				destinations: { box: { repo: place.path("repo"), passphraseFile: place.path("secrets/it's borg") } },
			},
		}));

	test("the hint makes it, and then a backup works", async () => {
		const place = withBorg();
		const { code, stderr } = await place.holdfast("create");
		assert.equal(code, 1);
		const file = place.path("secrets/it's borg");
		assert.ok(stderr.includes(`the passphrase file ${file} does not exist`), stderr);
		const [, command = ""] = /make one: (.*), and keep a copy/.exec(stderr) ?? [];
		execSync(command, { shell: "/bin/sh" });
		assert.match(readFileSync(file, "utf8"), /^\S{32}\n$/);
		assert.equal(execFileSync("stat", ["-c", "%a", file], { encoding: "utf8" }), "600\n");
		await succeeds(place, "create");
		assert.doesNotMatch(await succeeds(place, "validate"), /does not exist/);
	});

	for (const engine of ["borgbackup", "restic"])
		test(`${engine}: nothing was begun, so nothing is left to be finished`, async () => {
			const place = placeWith((place) => ({
				[engine]: { destinations: { box: { repo: place.path("repo"), passphraseFile: place.path("pass") } } },
			}));
			assert.equal((await place.holdfast("create")).code, 1);
			assert.doesNotMatch((await place.holdfast("status")).stdout, /unfinished/);
			const { code, stdout, stderr } = await place.holdfast("recover");
			assert.equal(code, 0);
			assert.doesNotMatch(stdout + stderr, /still to do|find out whether/);
			assert.match(stdout + stderr, /nothing to recover/);
			place.write("pass", "secret\n");
			const created = await place.holdfast("create");
			assert.equal(created.code, 0, created.stderr);
			assert.doesNotMatch(created.stderr, /unfinished/);
		});

	test("validate warns, as the file may be on another machine", async () => {
		const said = await succeeds(withBorg(), "validate");
		assert.match(said, /! borgbackup\/box of "web01": the passphrase file .* does not exist on this machine/);
		assert.match(said, /is valid/);
	});
});

const INIT = {
	borgbackup: (place: Place) => ({
		repo: place.path("re po"),
		passphraseFile: place.write("pass", "secret\n"),
	}),
	restic: (place: Place) => ({ repo: place.path("re po"), passphraseFile: place.write("pass", "secret\n") }),
};

for (const [engine, destination] of Object.entries(INIT))
	test(`the command that the hint gives for a lost ${engine} repository makes one`, async () => {
		const place = placeWith((place) => ({ [engine]: { destinations: { box: destination(place) } } }));
		await succeeds(place, "create");
		rmSync(place.path("re po"), { recursive: true });
		const { code, stderr } = await place.holdfast("create");
		assert.equal(code, 1);
		const [, command = ""] = /to start over, create a new one with: (.*)/.exec(stderr) ?? [];
		execSync(command, { shell: "/bin/sh", stdio: "pipe", env: place.env });
		assert.ok(existsSync(place.path("re po/config")));
		await succeeds(place, "create");
	});

test("a restore is proposed for a missing folder only if there is an archive", async () => {
	const place = placeWith((place) => ({ tar: { destinations: { usb: { path: place.path("usb") } } } }));
	rmSync(place.path("data"), { recursive: true });
	const never = await place.holdfast("create");
	assert.match(never.stderr, /check its spelling/);
	assert.doesNotMatch(never.stderr, /restore/);
	place.write("data/file", "precious");
	await succeeds(place, "create");
	rmSync(place.path("data"), { recursive: true });
	assert.match((await place.holdfast("create")).stderr, /lost: holdfast restore --service data latest\./);
});

test("list knows the size of a localbackup snapshot", async () => {
	const place = placeWith((place) => ({
		localbackup: { destinations: { disk: { directory: place.path("disk") } } },
	}));
	await succeeds(place, "create");
	assert.match(await succeeds(place, "list"), /TIME +SIZE +PROVIDER.*\n\S+ \S+ +[\d.]+ KiB +localbackup/);
});

test("a size that nobody knows has no column", () => {
	const archive = {
		id: "d::l::web01-1",
		name: "web01-1",
		machine: "web01",
		provider: "own",
		destination: "d",
	};
	assert.match(archiveTable([{ archives: [archive] }]).next().value ?? "", /^TIME +PROVIDER/);
	assert.match(
		archiveTable([{ archives: [archive, { ...archive, bytes: 8 }] }]).next().value ?? "",
		/^TIME +SIZE +PROVIDER/,
	);
});

test("ages are in whole seconds", () => {
	assert.deepEqual([0.2, 25.3, 75].map(ago), ["0 s ago", "25 s ago", "1 min 15 s ago"]);
});
