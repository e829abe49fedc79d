// Root reads settings that a service's user can write: never through that user's links, and only so much.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readSettings, toldOf } from "../../src/cli/application-settings.ts";
import { scratch } from "../support/scratch.ts";
import { isRoot } from "../support/tree.ts";

const USER = 65_534;
const folder = scratch("application-settings");
chmodSync(folder, 0o755);
const at = (name: string) => join(folder, name);

test("a regular file of limited size is read; what is not there is none", () => {
	writeFileSync(at("settings"), "A=b\n");
	assert.deepEqual(readSettings(at("settings")), { text: "A=b\n", owner: process.getuid?.() });
	assert.equal(readSettings(at("none")), undefined);
	assert.equal(readSettings(at("none/below")), undefined);
	writeFileSync(at("large"), Buffer.alloc(1024 ** 2 + 1));
	assert.match(JSON.stringify(readSettings(at("large"))), /larger than 1 MiB/);
	execFileSync("mkfifo", [at("pipe")]);
	assert.match(JSON.stringify(readSettings(at("pipe"))), /a named pipe/);
});

test("a link that the service's user made is not followed to what is another's", {
	skip: isRoot ? false : "only root can give files away",
}, () => {
	writeFileSync(at("secret"), "A=of root\n", { mode: 0o600 });
	mkdirSync(at("service/below"), { recursive: true });
	writeFileSync(at("service/below/own"), "A=own\n");
	for (const name of ["service", "service/below", "service/below/own"]) chownSync(at(name), USER, USER);
	symlinkSync(at("secret"), at("service/link"));
	symlinkSync(folder, at("service/around"));
	execFileSync("chown", ["-h", `${USER}:${USER}`, at("service/link"), at("service/around")]);
	assert.deepEqual(readSettings(at("service/below/own")), { text: "A=own\n", owner: USER });
	for (const path of ["service/link", "service/around/secret"])
		assert.match(JSON.stringify(readSettings(at(path))), /"fault".*link/, path);
});

test("data that a module leaves to other states are named, unless one has them", () => {
	const told = { options: {}, shown: ["a"], unclear: ["b"], leaves: ["/home/anna/Sync", "/data/b"] };
	const one = { name: "syncthing", about: "", because: "", options: {}, usual: {}, told };
	assert.deepEqual(toldOf({ modules: [one], services: [] }, ["/home/anna"]), {
		shown: ["syncthing: a"],
		unprotected: ["syncthing: b", "/data/b: syncthing has data there; name it under `state`"],
	});
});
