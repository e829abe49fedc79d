// Which links root follows, and what a confined program can reach. The attacker is a service's user, who owns a
// folder and can put anything there.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
	chmodSync,
	chownSync,
	existsSync,
	lchownSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	renameSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { enclose } from "../../src/host/enclosure.ts";
import { exec, execText } from "../../src/host/exec.ts";
import { enterOwn, openFolder } from "../../src/host/folder.ts";
import { resolvePath } from "../../src/host/trust.ts";
import { scratch } from "../support/scratch.ts";
import { isRoot } from "../support/tree.ts";

const [USER, OTHER] = [65534, 1];
const onlyRoot = { skip: isRoot ? false : "needs root" };
const base = scratch("trust");
chmodSync(base, 0o755);

/** `root/` is root's, with a secret; `home/` the user's, with a folder `data`. */
function place() {
	const folder = mkdtempSync(join(base, "place-"));
	chmodSync(folder, 0o755);
	const [root, home] = [join(folder, "root"), join(folder, "home")];
	mkdirSync(join(root, "private"), { recursive: true, mode: 0o755 });
	writeFileSync(join(root, "private/secret"), "root's own", { mode: 0o600 });
	mkdirSync(join(home, "data"), { recursive: true, mode: 0o755 });
	for (const path of [home, join(home, "data")]) chownSync(path, USER, USER);
	return { folder, root, home };
}
function link(target: string, path: string, owner: number): string {
	symlinkSync(target, path);
	lchownSync(path, owner, owner);
	return path;
}

test("links that only root can have put are followed, relative or absolute, one after another", () => {
	const { folder, root } = place();
	link("root/private", join(folder, "one"), 0);
	link(join(folder, "one"), join(folder, "two"), 0);
	link("../root/../root/private/", join(root, "three"), 0);
	for (const way of ["one", "two", "root/three"])
		assert.deepEqual(
			[resolvePath(join(folder, way)).path, resolvePath(join(folder, way)).openAt],
			[join(root, "private"), undefined],
		);
	assert.equal(resolvePath(join(folder, "two/secret")).found?.isFile(), true);
	assert.deepEqual(resolvePath(join(folder, "two/not/there")), {
		path: join(root, "private/not/there"),
		found: undefined,
		openAt: undefined,
		others: new Set(),
	});
});

test("it says from where on somebody else can replace things", () => {
	const { folder, root, home } = place();
	assert.equal(resolvePath(join(home, "data")).openAt, home);
	assert.equal(resolvePath(home).openAt, home);
	assert.equal(resolvePath(join(home, "data/new/er")).openAt, home);
	assert.equal(resolvePath(join(root, "private/secret")).openAt, undefined);
	const shared = join(folder, "shared");
	mkdirSync(join(shared, "of root"), { recursive: true });
	chmodSync(shared, 0o777);
	assert.equal(resolvePath(join(shared, "of root")).openAt, shared);
	chmodSync(shared, 0o1777);
	assert.equal(resolvePath(join(shared, "of root")).openAt, undefined);
	assert.equal(resolvePath(join(shared, "new")).openAt, shared);
});

test("a link of the user's leads to what is the user's own, and nowhere else", onlyRoot, () => {
	const { folder, root, home } = place();
	const mine = join(folder, "elsewhere");
	mkdirSync(mine);
	chownSync(mine, USER, USER);
	assert.equal(resolvePath(link(mine, join(home, "a"), USER)).path, mine);
	assert.equal(resolvePath(link(mine, join(home, "b"), 0)).path, mine);
	const refused = /is a symbolic link to .*could have created it, so it is not followed/;
	assert.throws(() => resolvePath(link(join(root, "private"), join(home, "c"), USER)), refused);
	assert.throws(() => resolvePath(link(join(root, "private"), join(home, "d"), 0)), refused);
	assert.throws(() => resolvePath(link(mine, join(home, "e"), OTHER)), refused);
	assert.throws(() => resolvePath(link("/nowhere", join(home, "f"), USER)), refused);
	// It belongs to them, but is in a folder that they may not enter.
	const kept = join(root, "private/kept");
	mkdirSync(kept);
	chownSync(kept, USER, USER);
	chmodSync(join(root, "private"), 0o700);
	assert.throws(() => resolvePath(link(kept, join(home, "g"), USER)), refused);
	assert.throws(() => resolvePath(join(link(root, join(home, "up"), USER), "private")), refused);
	const open = join(folder, "open");
	mkdirSync(open);
	chmodSync(open, 0o777);
	assert.throws(() => resolvePath(link(join(root, "private"), join(open, "h"), 0)), refused);
	assert.equal(resolvePath(link(mine, join(open, "i"), USER)).path, mine);
});

test("an open folder stays the one that was opened, and no link is entered", () => {
	const { root, home } = place();
	using data = openFolder(join(home, "data"));
	renameSync(join(home, "data"), join(home, "moved"));
	symlinkSync(join(root, "private"), join(home, "data"));
	writeFileSync(data.at("file"), "x");
	assert.equal(readFileSync(join(home, "moved/file"), "utf8"), "x");
	assert.equal(existsSync(join(root, "private/file")), false);
	assert.throws(() => openFolder(join(home, "data")), /is a symbolic link/);
	for (const name of ["..", ".", "", "a/b", "a\0b"]) assert.throws(() => data.at(name));
});

async function enclosed(t: TestContext, ...closed: Parameters<typeof enclose>[0]) {
	const enclosure = await enclose(closed);
	if ("why" in enclosure) throw new Error(enclosure.why);
	t.after(() => enclosure[Symbol.asyncDispose]());
	return enclosure;
}

test(
	"in an enclosure no link is followed, and nothing is read or written through one",
	onlyRoot,
	async (t) => {
		const { root, home } = place();
		link(join(root, "private"), join(home, "data/out"), USER);
		link(join(root, "private/secret"), join(home, "data/file"), USER);
		const enclosure = await enclosed(t, { folder: home });
		const inside = (...argv: string[]) => execText(argv, { enclosure });
		assert.notEqual((await inside("cat", join(home, "data/out/secret"))).code, 0);
		assert.notEqual((await inside("cat", join(home, "data/file"))).code, 0);
		assert.notEqual((await inside("touch", join(home, "data/out/planted"))).code, 0);
		assert.equal((await inside("readlink", join(home, "data/out"))).text.trim(), join(root, "private"));
		assert.equal((await inside("cat", join(root, "private/secret"))).text, "root's own");
		assert.equal(existsSync(join(root, "private/planted")), false);
		assert.equal((await exec(["cat", join(home, "data/file")])).code, 0);
	},
);

test("what is mounted below is in there too, without links", onlyRoot, async (t) => {
	const { root, home } = place();
	const mount = join(home, "data/mounted here");
	mkdirSync(mount);
	execFileSync("mount", ["-t", "tmpfs", "-o", "nosuid,noexec", "none", mount]);
	t.after(() => execFileSync("umount", [mount]));
	link(join(root, "private/secret"), join(mount, "file"), USER);
	writeFileSync(join(mount, "plain"), "plain");
	const enclosure = await enclosed(t, { folder: home });
	assert.equal((await execText(["cat", join(mount, "plain")], { enclosure })).text, "plain");
	assert.notEqual((await execText(["cat", join(mount, "file")], { enclosure })).code, 0);
	const { text } = await execText(["findmnt", "--noheadings", "--output=VFS-OPTIONS", mount], { enclosure });
	assert.match(text, /nosuid.*noexec.*nosymfollow/);
});

test("an open folder stands in there where it is put, whoever has moved it", onlyRoot, async (t) => {
	const { folder, root, home } = place();
	using data = openFolder(join(home, "data"));
	renameSync(join(home, "data"), join(home, "moved"));
	symlinkSync(join(root, "private"), join(home, "data"));
	const at = join(folder, "at");
	mkdirSync(at);
	const enclosure = await enclosed(t, { folder: data, at });
	await exec(["touch", "made"], { enclosure, cwd: at });
	assert.equal(existsSync(join(home, "moved/made")), true);
	assert.equal(existsSync(join(at, "made")), false);
	assert.equal(existsSync(join(root, "private/made")), false);
});

test("nothing is left of an enclosure", onlyRoot, async () => {
	const { home } = place();
	const enclosure = await enclose([{ folder: home }]);
	if ("why" in enclosure) throw new Error(enclosure.why);
	await enclosure[Symbol.asyncDispose]();
	assert.equal(readFileSync("/proc/self/mountinfo", "utf8").includes(home), false);
	rmSync(home, { recursive: true });
	assert.notEqual((await exec(["true"], { enclosure })).code, 0);
});

test("where it cannot be mounted, it says why", async () => {
	const made = await enclose([{ folder: join(base, "not there") }]);
	assert.ok("why" in made && made.why !== "", JSON.stringify(made));
});

test("a private folder that was replaced while it was made is not used", onlyRoot, () => {
	const { home } = place();
	using folder = openFolder(home);
	const made = (name: string, mode: number, owner = 0) => {
		mkdirSync(join(home, name), { mode });
		chmodSync(join(home, name), mode);
		chownSync(join(home, name), owner, owner);
	};
	made("ours", 0o700);
	enterOwn(folder, "ours")[Symbol.dispose]();
	made("theirs", 0o700, USER);
	made("open", 0o750);
	made("filled", 0o700);
	writeFileSync(join(home, "filled/x"), "");
	for (const name of ["theirs", "open", "filled"])
		assert.throws(() => enterOwn(folder, name), /was replaced while it was being created/, name);
	link("ours", join(home, "link"), USER);
	assert.throws(() => enterOwn(folder, "link"), /link/);
});
