// Flakes: imported once, or evaluated whenever they have changed; and Nix's own messages.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { lineOf } from "../docs/page.ts";
import { scratch } from "../support/scratch.ts";
import { noNix, PROJECT } from "./evaluate.ts";

const folder = scratch("nix-flakes");

describe("flakes", { skip: noNix }, () => {
	const flake = join(folder, "flake");
	const program = join(PROJECT, "bin/holdfast");
	const env = { ...process.env, HOLDFAST_CACHE_DIR: join(folder, "cache") };
	const holdfast = (...words: string[]) => spawnSync(program, words, { encoding: "utf8", cwd: flake, env });
	/** A line of docs/how-to/nixos.md, in a shell. */
	const typed = (like: RegExp) =>
		spawnSync("sh", ["-c", lineOf("docs/how-to/nixos.md", like)], {
			encoding: "utf8",
			cwd: flake,
			env: { ...env, PATH: `${join(PROJECT, "bin")}:${process.env.PATH}` },
		});

	before(() => {
		mkdirSync(flake);
		declare('clan.core.state.zerotier.folders = [ "/var/lib/zerotier-one" ];');
	});
	const declare = (config: string) =>
		writeFileSync(
			join(flake, "flake.nix"),
			`{ outputs = { self }: { nixosConfigurations.web01.config = { ${config} clan.core.backups.providers.tar = { name = "tar"; list = "l"; create = "c"; restore = "r"; }; }; }; }\n`,
		);

	test("import nix prints a config that is valid", () => {
		const { status, stderr } = typed(/import nix/);
		assert.equal(status, 0, stderr);
		const written = readFileSync(join(flake, "holdfast.yaml"), "utf8");
		assert.match(
			written,
			/web01:\n {4}system: nixos\n(.*\n)* {6}zerotier:\n {8}folders:\n {10}- \/var\/lib\/zerotier-one/,
		);
		assert.equal(holdfast("validate").status, 0);
	});

	test("import clan takes what was evaluated already", () => {
		writeFileSync(
			join(flake, "web01.json"),
			JSON.stringify({
				state: { a: { folders: ["/srv/a"], preBackupScript: "echo x" } },
				backups: { providers: { tar: { name: "tar", list: "l", create: "c", restore: "r" } } },
			}),
		);
		const { status, stdout, stderr } = typed(/import clan/);
		assert.equal(status, 0, stderr);
		assert.match(stdout, /preBackup:\n +script: echo x/);
	});

	test("machines.<name>.nix is evaluated again when the flake has changed, and only then", () => {
		writeFileSync(
			join(flake, "holdfast.yaml"),
			"machines: { web01: { nix: .#web01, state: { own: { folders: [/srv/own] } } } }\n",
		);
		const states = () => Object.keys(JSON.parse(holdfast("manifest").stdout).state).sort();
		assert.deepEqual(states(), ["own", "zerotier"]);
		const cached = () => readdirSync(join(folder, "cache/nix")).length;
		const known = cached();
		assert.deepEqual(states(), ["own", "zerotier"]);
		assert.equal(cached(), known);
		declare('clan.core.state.garage.folders = [ "/var/lib/garage" ];');
		assert.deepEqual(states(), ["garage", "own"]);
		assert.equal(cached(), known + 1);
		for (const damage of ["", "{", "null", "[]", '{"clan":7}', '{"clan":{}}']) {
			for (const name of readdirSync(join(folder, "cache/nix")))
				writeFileSync(join(folder, "cache/nix", name), damage);
			assert.deepEqual(states(), ["garage", "own"], `with a cache of ${damage}`);
		}
	});

	test("an error of Nix's is shown as Nix says it, below what we were doing; a machine that is not there too", () => {
		declare('clan.core.state.a.folders = throw "not today";');
		const { status, stderr } = holdfast("manifest");
		assert.equal(status, 2);
		assert.match(
			stderr,
			/^holdfast: could not evaluate \.#web01: nix ended with exit code 1\n(.*\n)*.*not today/,
		);
		assert.match(holdfast("import", "nix", ".#web02").stderr, /does not provide attribute.*web02/s);
		assert.match(holdfast("import", "nix", "web02").stderr, /does not name a machine/);
	});

	test("a Nix that is too old, and inputs that are locked to a place that cannot be reached, are said", () => {
		const bin = join(folder, "old-nix");
		mkdirSync(bin);
		// A stand-in: Debian has no Nix older than 2.4.
		writeFileSync(
			join(bin, "nix"),
			'#!/bin/sh\n[ "$1" = --version ] && { echo "nix (Nix) 2.3.16"; exit; }\necho "error: unrecognised flag" >&2; exit 1\n',
			{ mode: 0o755 },
		);
		const old = spawnSync(program, ["import", "nix", ".#web01"], {
			encoding: "utf8",
			cwd: flake,
			env: { ...env, PATH: `${bin}:${process.env.PATH}` },
		});
		assert.equal(old.status, 2);
		assert.match(old.stderr, /nix \(Nix\) 2\.3\.16 is installed, but flakes need Nix 2\.4 or later/);
		const away = join(folder, "away");
		mkdirSync(away);
		writeFileSync(
			join(away, "flake.nix"),
			'{ inputs.there.url = "http://127.0.0.1:9/there.tar.gz"; outputs = { self, there }: { nixosConfigurations.web01.config = there; }; }\n',
		);
		const { status, stderr } = spawnSync(program, ["import", "nix", `${away}#web01`], {
			encoding: "utf8",
			env,
		});
		assert.equal(status, 2);
		assert.match(
			stderr,
			/could not evaluate .*(\n.*)*unable to download.*(\n.*)*an input is locked to a location that cannot be reached from here/,
		);
	});

	test("a git flake that is dirty counts as it lies there, and that is said", () => {
		declare('clan.core.state.b.folders = [ "/srv/b" ];');
		const git = (...words: string[]) =>
			execFileSync("git", ["-C", flake, "-c", "user.name=t", "-c", "user.email=t@t", ...words], {
				stdio: "ignore",
			});
		git("init", "-q");
		git("add", "-A");
		git("commit", "-qm", "x");
		assert.doesNotMatch(holdfast("manifest").stderr, /dirty/);
		declare('clan.core.state.c.folders = [ "/srv/c" ];');
		const { stdout, stderr } = holdfast("manifest");
		assert.match(stderr, /dirty: uncommitted changes are included/);
		assert.ok("c" in JSON.parse(stdout).state);
	});
});
