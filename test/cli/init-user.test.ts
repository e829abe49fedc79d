// `holdfast init` for a user without rights: their own folders, and what stays unprotected.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { scratch } from "../support/scratch.ts";
import { isRoot } from "../support/tree.ts";

const HOLDFAST = join(import.meta.dirname, "../../bin/holdfast");
const USER = 65_534;
const folder = scratch("init-user");
chmodSync(folder, 0o755);
const home = join(folder, "home");

const as = (words: readonly string[]) =>
	spawnSync("setpriv", [`--reuid=${USER}`, `--regid=${USER}`, "--clear-groups", ...words], {
		cwd: isRoot ? home : folder,
		env: { PATH: process.env.PATH, HOME: home, TMPDIR: home },
		encoding: "utf8",
	});

function readable(): string | false {
	if (!isRoot) return "only root can become another user";
	mkdirSync(home, { recursive: true });
	chownSync(home, USER, USER);
	return as(["test", "-r", HOLDFAST]).status === 0 ? false : "the checkout is not readable for other users";
}

test("with nothing to protect, that is said by the exit code too; the next step is to name what to back up, not to create", {
	skip: readable(),
}, () => {
	const { status, stdout, stderr } = as([HOLDFAST, "init", "--config", join(home, "empty.yaml")]);
	assert.equal(status, 3, stderr);
	assert.match(stdout, /^✘ nothing is protected yet: you have no folder that is not hidden$/m);
	assert.match(stdout, /^next: name the folders to back up in \S+empty\.yaml, under "state"/m);
	assert.doesNotMatch(stdout, /^next: holdfast create/m);
});

test("a user's folders are states, and can be backed up and restored; what is not protected is said", {
	skip: readable(),
}, () => {
	const old = "old/laptop-2026-11-24T203704Z-2oii";
	for (const name of [
		"Documents",
		"Meine Bilder",
		"Downloads",
		".ssh",
		"holdfast-archives",
		"archives",
		"old",
		old,
	]) {
		mkdirSync(join(home, name));
		chownSync(join(home, name), USER, USER);
	}
	writeFileSync(join(home, old, "index.json"), "{}");
	const providers = { tar: { destinations: { usb: { path: join(home, "archives/") } } } };
	writeFileSync(join(home, "holdfast.json"), JSON.stringify({ machines: { laptop: { providers } } }));
	chownSync(join(home, "holdfast.json"), USER, USER);
	writeFileSync(join(home, "Documents/letter"), "dear");
	chownSync(join(home, "Documents/letter"), USER, USER);
	mkdirSync(join(home, "of-root"));
	symlinkSync("/etc", join(home, "link"));

	const { status, stdout, stderr } = as([HOLDFAST, "init"]);
	rmSync(join(home, "holdfast.json"));
	assert.equal(status, 0, stderr);
	assert.match(stdout, /^it protects: Documents, Meine-Bilder$/m);
	assert.match(stdout, /^not protected: files that lie directly in \S+home: /m);
	for (const name of ["archives", "old"])
		assert.match(stdout, new RegExp(`^not protected: \\S+home/${name}: holds archives of Holdfast`, "m"));
	assert.match(stdout, /^then: holdfast deploy, .*by itself$/m);
	assert.match(stdout, /^archives are kept for ever/m);
	assert.match(stdout, /^not protected: \S+\.ssh: .*comment$/m);
	assert.match(stdout, /^not protected: .*sudo holdfast init$/m);
	const text = readFileSync(join(home, ".config/holdfast/holdfast.yaml"), "utf8");
	assert.match(text, /^ {6}# {3}folders: \["\S+\.ssh"\]$/m);
	assert.match(text, /passphraseFile: \S+home\/.config\/holdfast\/secrets\/borg/);
	assert.doesNotMatch(text, /\/etc\/|\/var\//);

	for (const words of [["create"], ["restore", "--yes", "latest"]]) {
		if (words[0] === "restore") writeFileSync(join(home, "Documents/letter"), "overwritten");
		const ran = as([HOLDFAST, ...words]);
		assert.equal(ran.status, 0, ran.stderr);
	}
	assert.equal(readFileSync(join(home, "Documents/letter"), "utf8"), "dear");
});
