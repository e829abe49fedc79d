// The scripts of modules, run with their folders below a scratch folder.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { StateInput } from "../../src/manifest/state.ts";
import { declares } from "../../src/modules/describe.ts";
import { LIBRARY } from "../../src/modules/library.ts";
import type { Module } from "../../src/modules/module.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("module-scripts");

const stateOf = (name: string, options: object = {}) =>
	declares(LIBRARY.get(name) as Module, LIBRARY, options, false).state[name] ?? {};

const scriptsOf = ({ healthChecks = [] }: StateInput) =>
	healthChecks.flatMap((check) => ("script" in check ? [check.script] : []));

const run = (script: string, env: NodeJS.ProcessEnv = {}) =>
	spawnSync("bash", ["-euo", "pipefail", "-c", script], {
		encoding: "utf8",
		env: { ...process.env, ...env },
	});

describe("letsencrypt's check", () => {
	const live = join(folder, "live/example.org");
	mkdirSync(live, { recursive: true });
	const [script = ""] = scriptsOf(stateOf("letsencrypt"));
	const check = () => run(script.replaceAll("/etc/letsencrypt", folder));
	/** One that expired years ago: only `openssl ca` lets the dates be chosen. */
	const issue = () => {
		const ca = join(folder, "ca");
		mkdirSync(ca, { recursive: true });
		writeFileSync(join(ca, "index"), "");
		writeFileSync(
			join(ca, "config"),
			`[ca]\ndefault_ca=one\n[one]\ndatabase=${ca}/index\nnew_certs_dir=${ca}\nrand_serial=yes\ndefault_md=sha256\npolicy=any\nunique_subject=no\n[any]\ncommonName=supplied\n[req]\ndistinguished_name=dn\n[dn]\n`,
		);
		const openssl = (...words: string[]) => execFileSync("openssl", words, { stdio: "pipe" });
		const key = join(live, "privkey.pem");
		openssl(
			"req",
			"-new",
			"-newkey",
			"ec",
			"-pkeyopt",
			"ec_paramgen_curve:prime256v1",
			"-nodes",
			"-config",
			`${ca}/config`,
			"-subj",
			"/CN=example.org",
			"-keyout",
			key,
			"-out",
			`${ca}/request`,
		);
		openssl(
			"ca",
			"-batch",
			"-selfsign",
			"-notext",
			"-config",
			`${ca}/config`,
			"-keyfile",
			key,
			"-in",
			`${ca}/request`,
			"-out",
			join(live, "fullchain.pem"),
			"-startdate",
			"20200101000000Z",
			"-enddate",
			"20200201000000Z",
		);
	};

	test("passes an expired certificate that belongs to its key: certbot renews it, a restore cannot", () => {
		issue();
		const isOver = ["x509", "-noout", "-checkend", "0", "-in", join(live, "fullchain.pem")];
		assert.equal(spawnSync("openssl", isOver).status, 1);
		const { status, stdout, stderr } = check();
		assert.equal(status, 0, stdout + stderr);
	});

	test("fails one of another key, and one that does not parse", () => {
		execFileSync("openssl", ["ecparam", "-genkey", "-name", "prime256v1", "-out", join(live, "privkey.pem")]);
		const { status, stdout } = check();
		assert.equal(status, 1);
		assert.match(stdout, /fullchain\.pem does not belong to its key/);
		writeFileSync(join(live, "fullchain.pem"), "torn");
		assert.notEqual(check().status, 0);
	});
});

describe("garage's snapshot", () => {
	const programs = join(folder, "bin");
	const credential = join(folder, "garage.service/rpc_secret_path");
	const garage = (options: object) => {
		mkdirSync(programs, { recursive: true });
		writeFileSync(join(programs, "garage"), '#!/bin/sh\necho "$*: $GARAGE_RPC_SECRET_FILE"\n', {
			mode: 0o755,
		});
		const { hooks } = stateOf("garage", options);
		const script = String(hooks?.preBackup).replaceAll("/run/credentials", folder);
		return run(script, { PATH: `${programs}:${process.env.PATH}`, GARAGE_RPC_SECRET_FILE: "" }).stdout.trim();
	};

	test("is made with the secret of its configuration, of its unit, or of a file that is named", () => {
		assert.equal(garage({}), "meta snapshot:");
		mkdirSync(join(credential, ".."), { recursive: true });
		writeFileSync(credential, "secret");
		assert.equal(garage({}), `meta snapshot: ${credential}`);
		assert.equal(garage({ rpcSecretFile: "/etc/it's" }), "meta snapshot: /etc/it's");
	});
});
