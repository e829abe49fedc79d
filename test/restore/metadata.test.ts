// Whatever the surroundings (a umask, default ACLs and setgid bits above, a missing parent), restored data have
// exactly their previous modes, owners, ACLs and attributes, and a parent that had to be created is like any folder
// created there.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { describe, test } from "node:test";
import { EVERY_ENGINE } from "../support/every-engine.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { isRoot } from "../support/tree.ts";

const below = scratch("metadata");
/** Rounds that take combinations in turn; 12 cover all of them. */
const ROUNDS = Number(process.env.HOLDFAST_ROUNDS) || 1;
const GID = 65534;

interface Surroundings {
	readonly umask: string;
	readonly acl: boolean;
	readonly setgid: boolean;
	readonly missing: boolean;
}

const ALL: readonly Surroundings[] = ["0077", "0000", "0022"].flatMap((umask) =>
	[true, false].flatMap((acl) =>
		[true, false].flatMap((setgid) => [true, false].map((missing) => ({ umask, acl, setgid, missing }))),
	),
);
/** First those that combine the most; a few of the others each time. */
const chosen = (engine: number) =>
	ROUNDS >= 12
		? ALL
		: [ALL[0], ...Array.from({ length: ROUNDS }, (_, n) => ALL[(9 + 5 * engine + 7 * n) % ALL.length])];

/** All metadata of the entries at and below a path, except what changes by itself. */
function listing(folder: string, name: string): string {
	const run = (...argv: string[]) =>
		execFileSync(argv[0] ?? "", argv.slice(1), {
			cwd: folder,
			encoding: "utf8",
			stdio: ["ignore", "pipe", "ignore"],
		});
	return [
		run("find", name, "-printf", "%p %m %U:%G %y %T@ %l\\n"),
		run("getfacl", "-R", "-P", "-n", "-p", name),
		run("getfattr", "-R", "-h", "-P", "-d", "-m", "^(user|trusted)", name),
	]
		.map((text) => text.split("\n").sort().join("\n"))
		.join("\n\n");
}
const own = (folder: string, name: string) =>
	execFileSync("sh", ["-c", 'stat -c "%a %U:%G" "$1"; getfacl -c -n -p "$1"', "sh", name], {
		cwd: folder,
		encoding: "utf8",
	});

function fill(app: string): void {
	const acl = (...words: string[]) => execFileSync("setfacl", words, { cwd: app });
	for (const [name, mode] of [
		["plain", 0o755],
		["private", 0o700],
		["open", 0o1777],
		["setgid", 0o2770],
		["acl", 0o750],
	] as const) {
		mkdirSync(`${app}/${name}`);
		execFileSync(
			"sh",
			[
				"-c",
				`echo x >"$1/file"; chmod 640 "$1/file"; cp "$1/file" "$1/program"; chmod 0550 "$1/program"`,
				"sh",
				name,
			],
			{ cwd: app },
		);
		chmodSync(`${app}/${name}`, mode);
	}
	acl("-m", "u:65534:r", "acl/file");
	acl("-d", "-m", "u:65534:rwx,g::---", "acl");
	symlinkSync("file", `${app}/plain/link`);
	chownSync(`${app}/private/file`, 65534, GID);
	chownSync(`${app}/setgid`, 1, GID);
	execFileSync("setfattr", ["-n", "user.note", "-v", "kept", "plain"], { cwd: app });
	chmodSync(app, 0o751);
	chownSync(app, 65534, 1);
}

describe("what stands around it changes nothing of what is restored", {
	skip: isRoot ? false : "only root can give files away",
}, () => {
	for (const [index, [engine, provider]] of Object.entries(EVERY_ENGINE).entries())
		test(`with ${engine}${engine === "borgbackup" || engine === "restic" ? " [long]" : ""}`, async () => {
			const place = new Place(below);
			const home = place.path("home");
			const app = place.path("home/mid/app");
			mkdirSync(app, { recursive: true });
			fill(app);
			place.declare({ state: { s: { folders: [app] } }, providers: { [engine]: provider(place) } });
			const wanted = listing(place.path("home/mid"), "app");
			assert.equal((await place.holdfast("create")).code, 0);
			for (const surroundings of chosen(index)) {
				if (surroundings === undefined) continue;
				const { umask, acl, setgid, missing } = surroundings;
				const around = JSON.stringify(surroundings);
				for (const folder of [home, place.path("home/mid")]) {
					execFileSync("setfacl", ["-b", "-k", folder]);
					chownSync(folder, 0, setgid ? GID : 0);
					chmodSync(folder, setgid ? 0o2755 : 0o755);
					if (acl) execFileSync("setfacl", ["-d", "-m", "u:65534:rwx,g::rwx,o::rwx", folder]);
				}
				if (missing) rmSync(place.path("home/mid"), { recursive: true });
				else rmSync(app, { recursive: true });
				const output = await place.holdfastAfter(`umask ${umask}`, "restore", "--yes", engine, "latest");
				assert.equal(output.code, 0, `${around}\n${output.stderr}`);
				assert.equal(listing(place.path("home/mid"), "app"), wanted, around);
				execFileSync("sh", ["-c", "umask 0022; mkdir made"], { cwd: home });
				if (missing) assert.equal(own(home, "mid"), own(home, "made"), around);
				rmSync(place.path("home/made"), { recursive: true });
			}
		});

	test("nor of what is extracted into a folder that is there", async () => {
		const place = new Place(below);
		const app = place.path("home/mid/app");
		mkdirSync(app, { recursive: true });
		fill(app);
		const borg = { destinations: { repo: { repo: place.path("borg"), encryption: "none" } } };
		place.declare({ state: { s: { folders: [app] } }, providers: { borgbackup: borg } });
		const wanted = listing(place.path("home/mid"), "app");
		assert.equal((await place.holdfast("create")).code, 0);
		mkdirSync(place.path("share"), { mode: 0o2755 });
		execFileSync("setfacl", ["-d", "-m", "u:65534:rwx,g::rwx,o::rwx", place.path("share")]);
		const words = ["restore", "--yes", "--into", place.path("share"), "borgbackup", "latest"];
		const { code, stderr } = await place.holdfastAfter("umask 0077", ...words);
		assert.equal(code, 0, stderr);
		assert.equal(listing(place.path("share") + place.path("home/mid"), "app"), wanted);
		assert.deepEqual(readdirSync(place.path("share")), [place.path().split("/")[1]]);
	});

	test("a folder on the way to another state's has what it had", async () => {
		const place = new Place(below);
		const outer = place.path("outer");
		place.write("outer/file", "as it was");
		place.declare({
			state: { outer: { folders: [outer] }, inner: { folders: [place.path("outer/way/deep/inner")] } },
		});
		mkdirSync(place.path("outer/way/deep/inner"), { recursive: true });
		const way = place.path("outer/way");
		const { rename } = await import("node:fs/promises");
		await rename(way, place.path("elsewhere"));
		// An archive of the outer state from before the path to the inner one existed.
		const was = { state: { outer: { folders: [outer] } } };
		place.declare(was);
		assert.equal((await place.holdfast("create")).code, 0);
		await rename(place.path("elsewhere"), way);
		execFileSync("setfacl", ["-m", "u:65534:rx", way]);
		chmodSync(place.path("outer/way/deep"), 0o2710);
		chownSync(place.path("outer/way/deep"), 65534, GID);
		const wanted = [own(outer, "way"), own(outer, "way/deep")];
		place.declare({
			state: { outer: { folders: [outer] }, inner: { folders: [place.path("outer/way/deep/inner")] } },
		});
		const { code, stderr } = await place.holdfastAfter(
			"umask 0077",
			"restore",
			"--yes",
			"--service",
			"outer",
			"tar",
			"latest",
		);
		assert.equal(code, 0, stderr);
		assert.deepEqual([own(outer, "way"), own(outer, "way/deep")], wanted);
	});
});

test("a folder that comes back as somebody else's, or open to more, is said to", {
	skip: isRoot ? false : "only root can give files away",
}, async () => {
	const place = new Place(below);
	const app = place.path("home/app");
	mkdirSync(app, { recursive: true, mode: 0o755 });
	place.write("home/app/file", "x");
	place.declare({ state: { s: { folders: [app] } } });
	chownSync(app, 65534, 65534);
	chmodSync(app, 0o777);
	assert.equal((await place.holdfast("create")).code, 0);
	const again = await place.holdfast("restore", "--yes", "tar", "latest");
	assert.doesNotMatch(again.stderr, /is restored as/);
	chownSync(app, 0, 0);
	chmodSync(app, 0o755);
	const { code, stderr } = await place.holdfast("restore", "--yes", "tar", "latest");
	assert.equal(code, 0, stderr);
	assert.match(
		stderr,
		/home\/app is restored as nobody:nogroup 0777, as in the archive; until now it was root:root 0755/,
	);
});
