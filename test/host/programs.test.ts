// The message about a missing program, depending on the system where it is missing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { howToInstall, programPath } from "../../src/host/programs.ts";

test("each system's own way to install is named, and Debian's package elsewhere", () => {
	for (const [release, words] of [
		["ID=debian\n", "install it: apt-get install borgbackup"],
		['NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n', "install it: apt-get install borgbackup"],
		['ID="linuxmint"\nID_LIKE="ubuntu debian"\n', "install it: apt-get install borgbackup"],
		["ID=nixos\n", "add it to environment.systemPackages; the Debian package is borgbackup"],
		["ID=fedora\n", "install it; the Debian package is borgbackup"],
		["", "install it; the Debian package is borgbackup"],
	] as const)
		assert.equal(howToInstall("borgbackup", release), words);
});

test("a program is looked for in the path", () => {
	assert.match(programPath("sh") ?? "", /^\/.*\/sh$/);
	assert.equal(programPath("no-such-program"), undefined);
});
