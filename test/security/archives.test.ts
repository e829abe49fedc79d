// Archives that somebody else made: whatever they contain, what an engine extracts stays in its folder. To detect
// escapes, a tree next to it must keep its content, owners, modes and times.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
	chmodSync,
	existsSync,
	lstatSync,
	mkdirSync,
	readdirSync,
	renameSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { requireAble } from "../../src/engines/destination.ts";
import { withoutSpecialFiles } from "../../src/steps/work/special-files.ts";
import { openBorg, openLocalbackup, openRestic, openTar, repoOf, type Whole } from "../engines/engines.ts";
import { intoFolder, metadataOf as ours, quiet } from "../engines/fixtures.ts";
import { Place } from "../support/place.ts";
import { base, onlyRoot, place } from "./extracted.ts";
import { guarded, type Member, metadataOf, tarOf, writeTarArchive } from "./hostile.ts";

describe("an entry below a link, and a link on the way to a stream", onlyRoot, () => {
	/** Try to extract; nothing outside may change, or appear in the folder. */
	async function attempt(
		{ outside, target, before }: ReturnType<typeof place>,
		destination: Whole,
		archive: string,
		paths: readonly string[],
	) {
		const end = await destination.restore(archive, paths, intoFolder(target), quiet).then(
			() => "restored",
			(error: Error) => error.message,
		);
		assert.equal(guarded(outside), before);
		assert.equal(existsSync(join(outside, "planted")), false);
		const { stdout } = spawnSync("grep", ["-rlD", "skip", "root's own", target], { encoding: "utf8" });
		assert.equal(stdout, "", "what is root's alone was read");
		return end;
	}

	test("tar: a nested path, a stream below a planted link", async () => {
		const here = place();
		const link: Member = { name: "r/y", type: "symlink", target: here.outside };
		const root: Member = { name: "r", type: "folder", mode: 0o755 };
		writeTarArchive(join(here.folder, "destination"), "evil", {
			segments: [
				{ path: "/r", members: [root, link] },
				{ path: "/r/y/z", members: [{ name: "r/y/z", type: "file", content: "planted" }] },
			],
			streams: [{ path: "/r/y/planted", content: Buffer.from("planted") }],
			metadata: metadataOf({ folders: ["/r", "/r/y/z"] }),
		});
		const tar = openTar(here.folder);
		assert.match(
			await attempt(here, tar, "evil", ["/r", "/r/y/z"]),
			/Too many levels of symbolic links|ended with/,
		);
		rmSync(here.target, { recursive: true });
		mkdirSync(here.target, { mode: 0o700 });
		assert.match(await attempt(here, tar, "evil", ["/r", "/r/y/planted"]), /is a symbolic link/);
	});

	test("tar: data after its end", async () => {
		const here = place();
		const members: Member[] = [{ name: "r", type: "folder", mode: 0o755 }];
		writeTarArchive(join(here.folder, "destination"), "evil", {
			segments: [{ path: "/r", members, after: Buffer.alloc(4 * 1024 ** 2) }],
			metadata: metadataOf({ folders: ["/r"] }),
		});
		assert.match(await attempt(here, openTar(here.folder), "evil", ["/r"]), /^\/r is damaged in the archive/);
	});

	test("tar: links in the place of the archive's own files and folder", async () => {
		const here = place();
		const destination = join(here.folder, "destination");
		const archive = {
			segments: [{ path: "/r", members: [{ name: "r", type: "folder" } as const] }],
			streams: [{ path: "/s", content: Buffer.from("root's own") }],
			metadata: metadataOf({ folders: ["/r"] }),
		};
		writeTarArchive(destination, "evil", archive);
		const tar = openTar(here.folder);
		for (const file of ["data.tar.zst", "stream-0.zst"]) {
			renameSync(join(destination, "evil", file), join(here.outside, file));
			symlinkSync(join(here.outside, file), join(destination, "evil", file));
		}
		here.before = guarded(here.outside);
		assert.notEqual(await attempt(here, tar, "evil", ["/r"]), "restored");
		assert.notEqual(await attempt(here, tar, "evil", ["/s"]), "restored");
		renameSync(join(destination, "evil"), join(here.outside, "archive"));
		symlinkSync(join(here.outside, "archive"), join(destination, "evil"));
		here.before = guarded(here.outside);
		await assert.rejects(tar.writeMetadata("evil", ours("x"), quiet));
		await tar.remove(["evil"], quiet).catch(() => {});
		assert.equal(guarded(here.outside), here.before);
	});

	test("borg: entries below a link", async () => {
		const here = place();
		const file = join(here.folder, "evil.tar");
		const members: Member[] = [
			{ name: "r", type: "folder", mode: 0o755 },
			{ name: "r/y", type: "symlink", target: here.outside },
			{ name: "r/y/planted", type: "file", content: "planted" },
			{ name: "r/y/secret", type: "file", content: "replaced", mode: 0o666 },
		];
		writeFileSync(file, tarOf(members));
		const env = { ...process.env, BORG_PASSPHRASE: "correct horse", BORG_SELFTEST: "disabled" };
		const borg = (...words: string[]) => execFileSync("borg", words, { env, stdio: "ignore" });
		borg("init", "--encryption=repokey", "--make-parent-dirs", repoOf(here.folder));
		borg("import-tar", `${repoOf(here.folder)}::evil`, file);
		assert.notEqual(await attempt(here, openBorg(here.folder), "evil", ["/r"]), "restored");
	});

	test("restic: a stream below a link", async () => {
		const here = place();
		const source = join(here.folder, "source");
		mkdirSync(source);
		symlinkSync(here.outside, join(source, "y"));
		const stream = join(source, "y/planted");
		const destination = openRestic(here.folder);
		await destination.create(
			{ name: "evil", roots: [{ path: source, exclude: [] }], metadata: ours("evil") },
			true,
			quiet,
		);
		execFileSync(
			"restic",
			["backup", "--quiet", "--tag=holdfast-part=evil", "--stdin", `--stdin-filename=${stream}`],
			{
				env: { ...process.env, RESTIC_PASSWORD: "correct horse", RESTIC_REPOSITORY: repoOf(here.folder) },
				input: "planted",
			},
		);
		assert.notEqual(await attempt(here, destination, "evil", [source, stream]), "restored");
	});

	test("localbackup: a link in a snapshot, in its place, and at what describes it", async () => {
		const here = place();
		const source = join(here.folder, "source/r");
		mkdirSync(join(source, "inner"), { recursive: true });
		writeFileSync(join(source, "inner/secret"), "its own");
		const destination = openLocalbackup(here.folder);
		await destination.create(
			{ name: "evil", roots: [{ path: source, exclude: [] }], metadata: ours("evil") },
			true,
			quiet,
		);
		const snapshot = join(here.folder, "on the disk/snapshot.0");
		const held = join(snapshot, "web01", here.folder, "source");
		rmSync(join(held, "r"), { recursive: true });
		symlinkSync(here.outside, join(held, "r"));
		assert.notEqual(await attempt(here, destination, "evil", [`${source}/inner`]), "restored");
		assert.notEqual(await attempt(here, destination, "evil", [`${source}/secret`]), "restored");
		rmSync(join(held), { recursive: true });
		symlinkSync(here.folder, held);
		assert.notEqual(
			await attempt(here, destination, "evil", [join(here.folder, "source/outside")]),
			"restored",
		);
		await assert.rejects(
			destination.contents("evil", [join(here.folder, "source/outside")], () => {}, quiet),
		);
		for (const name of [".holdfast.json", "holdfast.json.new"])
			symlinkSync(join(here.outside, "secret"), join(snapshot, name));
		await destination.writeMetadata("evil", ours("told-again"), quiet);
		assert.equal(guarded(here.outside), here.before);
		renameSync(snapshot, join(here.folder, "elsewhere"));
		symlinkSync(join(here.folder, "elsewhere"), snapshot);
		await assert.rejects(destination.writeMetadata("evil", ours("told-again"), quiet));
		assert.notEqual(await attempt(here, destination, "evil", [source]), "restored");
	});

	test("a repository in a folder here: its engine follows no link that somebody planted there", async () => {
		const here = place();
		const source = join(here.folder, "source");
		mkdirSync(source);
		const borg = openBorg(here.folder);
		const roots = [{ path: source, exclude: [] }];
		await borg.create({ name: "one", roots, metadata: ours("one") }, true, quiet);
		// borg records in this file who has locked the repository.
		symlinkSync(join(here.outside, "secret"), join(repoOf(here.folder), "lock.roster"));
		await borg.create({ name: "two", roots, metadata: ours("two") }, false, quiet).catch(() => {});
		assert.equal(guarded(here.outside), here.before);
	});
});

test("somebody who is not root is not led out of the folder either", onlyRoot, async () => {
	const place = new Place(base);
	chmodSync(place.folder, 0o755);
	chmodSync(base, 0o755);
	const home = place.path("home");
	const members: Member[] = [
		{ name: `${home.slice(1)}/app`, type: "folder", mode: 0o755 },
		{ name: `${home.slice(1)}/app/y`, type: "symlink", target: `${home}/private` },
		{ name: `${home.slice(1)}/app/y/planted`, type: "file", content: "planted" },
	];
	const segments = [
		{ path: `${home}/app`, members: members.slice(0, 2) },
		{ path: `${home}/app/y/planted`, members: members.slice(2) },
	];
	const state = { app: { folders: segments.map(({ path }) => path) } };
	writeTarArchive(place.path("archives"), "evil", { segments, metadata: metadataOf(state.app) });
	writeFileSync(place.path("evil.tar"), tarOf(members));
	const environment = { ...place.env, BORG_SELFTEST: "disabled" };
	for (const words of [
		["init", "--encryption=none", place.path("repo")],
		[
			"import-tar",
			`--comment=holdfast:${JSON.stringify(metadataOf({ folders: [`${home}/app`] }))}`,
			`${place.path("repo")}::evil`,
			place.path("evil.tar"),
		],
	])
		execFileSync("borg", words, { env: environment, stdio: "ignore" });
	mkdirSync(join(home, "private"), { recursive: true });
	place.declare({
		state: { app: { folders: [`${home}/app`] } },
		providers: {
			tar: { destinations: { d: { path: place.path("archives") } } },
			borgbackup: { destinations: { d: { repo: place.path("repo"), encryption: "none", relocated: true } } },
		},
	});
	execFileSync("chown", ["-R", "65534:65534", place.folder]);
	for (const provider of ["tar", "borgbackup"]) {
		const as = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", `HOME=${home}`];
		const { code, stderr } = await place.start(
			["restore", "--yes", "--into", place.path(`into-${provider}`), provider, "evil"],
			as,
		).ended;
		assert.equal(code, 1, stderr);
		assert.deepEqual(readdirSync(join(home, "private")), [], stderr);
		assert.match(stderr, /Too many levels of symbolic links|could not restore all/);
	}
});

describe("what an archive may give nobody", onlyRoot, () => {
	const members: Member[] = [
		{ name: "r", type: "folder", mode: 0o2775 },
		{ name: "r/device", type: "character", device: [1, 3], mode: 0o666 },
		{ name: "r/disk", type: "block", device: [7, 0], mode: 0o666 },
		{ name: "r/root shell", type: "file", content: "#!", mode: 0o4755 },
		{ name: "r/group", type: "file", content: "#!", mode: 0o2755 },
		{
			name: "r/capable",
			type: "file",
			content: "#!",
			mode: 0o755,
			// cap_setuid=ep (linux/capability.h, version 2 with the effective bit).
			attributes: {
				"SCHILY.xattr.security.capability": Buffer.from("0100000280000000000000000000000000000000", "hex"),
			},
		},
		{ name: "r/plain", type: "file", content: "plain", mode: 0o640, uid: 65534 },
	];

	test("device nodes are left out, and bits and capabilities taken away; the rest is as it was", async () => {
		const { folder, target } = place();
		writeTarArchive(join(folder, "destination"), "evil", {
			segments: [{ path: "/r", members }],
			metadata: metadataOf({}),
		});
		const into = intoFolder(target);
		await openTar(folder).restore("evil", ["/r"], into, quiet);
		const capabilities = () => execFileSync("getcap", ["-r", target], { encoding: "utf8" });
		assert.match(capabilities(), /capable cap_setuid/);
		const result = await withoutSpecialFiles(into);
		assert.match(
			result?.warnings.join("\n") ?? "",
			/^skipped device nodes: .*\/r\/disk.*\nremoved setuid .*: \/r\/root shell, \/r\/group, \/r\/capable/,
		);
		assert.equal(capabilities(), "");
		assert.deepEqual(readdirSync(join(target, "r")).sort(), ["capable", "group", "plain", "root shell"]);
		const modes = ["root shell", "group", "capable", "plain", "."].map(
			(name) => lstatSync(join(target, "r", name)).mode & 0o7777,
		);
		assert.deepEqual(modes, [0o755, 0o755, 0o755, 0o640, 0o2775]);
		assert.equal(lstatSync(join(target, "r/plain")).uid, 65534);
		assert.equal(await withoutSpecialFiles(into), undefined);
	});
});

describe(
	"an archive that is shown is its reader's alone, and nothing in it has more rights",
	onlyRoot,
	() => {
		for (const [engine, open] of Object.entries({
			borgbackup: openBorg,
			restic: openRestic,
			localbackup: openLocalbackup,
		}))
			test(engine, async () => {
				const here = place();
				for (const folder of [base, here.folder]) chmodSync(folder, 0o755);
				const source = join(here.folder, "source");
				mkdirSync(source);
				execFileSync("cp", ["/usr/bin/id", join(source, "id")]);
				chmodSync(join(source, "id"), 0o4755);
				execFileSync("mknod", ["-m", "666", join(source, "zero"), "c", "1", "5"]);
				const destination: Whole = open(here.folder);
				const roots = [{ path: source, exclude: [] }];
				await destination.create({ name: "a", roots, metadata: ours("a") }, true, quiet);
				const at = join(here.folder, "at");
				mkdirSync(at, { mode: 0o755 });
				const stop = new AbortController();
				const said: string[] = [];
				const asAlice = ["--reuid=65534", "--regid=65534", "--clear-groups"];
				requireAble(destination, "mount");
				await destination.mount(
					"a",
					at,
					(where) => {
						const shown = join(where ?? at, source);
						const program = spawnSync("setpriv", [...asAlice, join(shown, "id")], {
							encoding: "utf8",
						});
						assert.doesNotMatch(program.stdout ?? "", /euid=0/);
						const device = spawnSync("setpriv", [...asAlice, "head", "-c1", join(shown, "zero")], {
							encoding: "utf8",
						});
						assert.notEqual(device.status, 0);
						const listed = spawnSync("setpriv", [...asAlice, "ls", shown]);
						assert.notEqual(listed.status, 0, "others can look into it");
						said.push(execFileSync("findmnt", ["-no", "OPTIONS", "-T", shown], { encoding: "utf8" }));
						stop.abort();
					},
					{ ...quiet, signal: stop.signal },
				);
				assert.match(said.join(), /nosuid.*nodev|nodev.*nosuid/);
				assert.deepEqual(readdirSync(at), []);
			});
	},
);
