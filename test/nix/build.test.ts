// What a build would run, run by hand, since there is no nixpkgs here: the manifest of a system, with mistakes
// reported in the program's own words; and the package's phases, with a stand-in for makeWrapper.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { scratch } from "../support/scratch.ts";
import { evaluate, noNix, PROJECT } from "./evaluate.ts";

const folder = scratch("nix-build");

describe("a build", { skip: noNix }, () => {
	let count = 0;

	/** Like `runCommand`: the script, its environment, and its `$out`. */
	function manifestBuild(modules: readonly string[]) {
		const { manifest } = evaluate(modules);
		assert.ok(manifest);
		const at = join(folder, `manifest-${count++}`);
		mkdirSync(at);
		writeFileSync(join(at, "declared"), manifest.args.declared);
		const result = spawnSync("bash", ["-euc", manifest.script], {
			cwd: at,
			encoding: "utf8",
			env: {
				PATH: `${join(PROJECT, "bin")}:${process.env.PATH}`,
				TMPDIR: at,
				HOLDFAST_CACHE_DIR: join(at, "cache"),
				declaredPath: join(at, "declared"),
				out: join(at, "out"),
			},
		});
		return { ...result, out: join(at, "out") };
	}

	test("the system's manifest is what the declarations must become", () => {
		for (const [modules, golden] of [
			[["../../nix/module.nix", "plain.nix"], "plain"],
			[["../../nix/clan.nix", "clan-core.nix", "clan-services.nix"], "clan-services"],
		] as const) {
			const { status, stderr, out } = manifestBuild(modules);
			assert.equal(status, 0, stderr);
			const expected = readFileSync(join(import.meta.dirname, `${golden}.manifest.json`), "utf8");
			assert.deepEqual(JSON.parse(readFileSync(out, "utf8")), JSON.parse(expected));
		}
	});

	test("a mistake fails the build, with the words that a YAML user reads", () => {
		const { status, stderr } = manifestBuild(["../../nix/module.nix", "mistake.nix"]);
		assert.equal(status, 2);
		assert.match(stderr, /unknown key "paht"; did you mean "path"\?/);
	});

	test("the package's phases make a program that runs", () => {
		const node = join(PROJECT, "node_modules/node");
		const phases = JSON.parse(
			execFileSync(
				"nix-instantiate",
				["--eval", "--strict", "--json", "--argstr", "node", node, join(import.meta.dirname, "package.nix")],
				{ encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] },
			),
		) as { version: string; buildPhase: string; installPhase: string };
		const source = join(folder, "source");
		for (const part of ["bin", "src", "scripts", "package.json", "tsconfig.json"])
			cpSync(join(PROJECT, part), join(source, part), { recursive: true });
		symlinkSync(join(PROJECT, "node_modules"), join(source, "node_modules"));
		const out = join(folder, "package");
		const makeWrapper = `
			runHook() { :; }
			makeWrapper() {
				local program=$1 at=$2 flags= sets=; shift 2
				while [ $# -gt 0 ]; do case $1 in
					--add-flags) flags=$2; shift 2 ;;
					--set) sets="$sets $2=$3"; shift 3 ;;
					--suffix) shift 4 ;;
				esac; done
				mkdir -p "\${at%/*}"
				printf '#!/bin/sh\\nexec env%s %s %s "$@"\\n' "$sets" "$program" "$flags" >"$at"
				chmod +x "$at"
			}`;
		execFileSync("bash", ["-euc", `${makeWrapper}\n${phases.buildPhase}\n${phases.installPhase}`], {
			cwd: source,
			env: { PATH: `${node}/bin:${process.env.PATH}`, out },
			stdio: ["ignore", "pipe", "pipe"],
		});
		// As in the store, where nobody can write.
		rmSync(source, { recursive: true });
		const version = execFileSync(join(out, "bin/holdfast"), ["--version"], {
			encoding: "utf8",
			env: { HOLDFAST_CACHE_DIR: join(folder, "cache") },
		});
		assert.equal(version.trim(), phases.version);
	});
});
