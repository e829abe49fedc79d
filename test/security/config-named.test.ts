// Configs that are named, or found in the current folder: trustworthy ones are read as usual, a stranger's are not,
// and TAB runs nobody's code.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chownSync, existsSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ALICE, BOB, HOLDFAST, Stage, YAML } from "./stage.ts";

test("root is refused somebody's file also when it is named; only a look at data is not", () => {
	const stage = new Stage();
	stage.put("a", ALICE, 0o755);
	const ts = stage.put("a/c.ts", ALICE, 0o644, stage.code);
	const yaml = stage.put("a/c.yaml", ALICE, 0o644, YAML);
	const json = stage.put("a/c.json", ALICE, 0o644, JSON.stringify({ machines: {} }));
	for (const file of [ts, yaml, json])
		for (const command of ["status", "create", "list", "manifest"]) {
			const { code, stderr } = stage.run("/", [command, "--config", file]);
			assert.equal(code, 2, stderr);
			assert.match(
				stderr,
				/refusing to read .*: the folder .*belongs to .*\n.*only root may be able to change it/,
			);
			assert.match(stderr, /→ copy it and the files that it imports to \/etc\/holdfast/);
		}
	assert.equal(stage.run("/", ["validate", "--config", ts]).code, 2);
	stage.assertUntouched("by name");
	assert.equal(stage.run("/", ["validate", "--config", yaml]).code, 0);
});

test("whoever called sudo is obeyed as root is, and nobody else", () => {
	const stage = new Stage();
	stage.put("a", ALICE, 0o755);
	stage.put("a/holdfast.yaml", ALICE, 0o644, YAML);
	assert.equal(stage.run(join(stage.root, "a"), ["manifest"], { SUDO_UID: String(ALICE) }).code, 0);
	assert.equal(stage.run(join(stage.root, "a"), ["manifest"], { SUDO_UID: String(BOB) }).code, 2);
	assert.equal(stage.run(join(stage.root, "a"), ["manifest"], { SUDO_UID: "" }).code, 2);
});

test("honest ones are read as ever", () => {
	const stage = new Stage();
	const read = (at: string, env = {}, uid = 0) => {
		const { code, stderr } = stage.run(join(stage.root, at), ["manifest"], env, uid);
		assert.equal(code, 0, `${at}: ${stderr}`);
		assert.equal(stderr, "", at);
	};
	stage.put("plain", 0, 0o755);
	stage.put("plain/holdfast.yaml", 0, 0o664, YAML);
	read("plain");
	// A user's own folder in one like /tmp.
	stage.put("tmp", 0, 0o1777);
	stage.put("tmp/own", 0, 0o700);
	stage.put("tmp/own/holdfast.yaml", 0, 0o600, YAML);
	read("tmp/own");
	// What root has written into /tmp itself, if it is named; but not if it would be found.
	const named = stage.put("tmp/holdfast.yaml", 0, 0o644, YAML);
	assert.equal(stage.run("/", ["manifest", "--config", named]).code, 0);
	// As Nix and dotfile managers do it: root's links into root's folders.
	stage.put("links", 0, 0o755);
	symlinkSync("plain", join(stage.root, "static"));
	symlinkSync("../static/holdfast.yaml", join(stage.root, "links/holdfast.yaml"));
	read("links");
	stage.put("code", 0, 0o755);
	stage.put("code/lib.ts", 0, 0o644, 'export const folder: string = "/srv/s";');
	stage.put(
		"code/holdfast.ts",
		0,
		0o644,
		'import { defineConfig } from "holdfast"; import { folder } from "./lib.ts"; export default defineConfig({ machines: { web01: { state: { s: { folders: [folder] } } } } });',
	);
	read("code");
	// The group of administrators.
	stage.put("admins", 0, 0o775);
	chownSync(join(stage.root, "admins"), 0, 27);
	stage.put("admins/holdfast.yaml", 0, 0o644, YAML);
	read("admins");
	// Another user's own files, with a group that nobody else is in, and root's.
	stage.put("alice", ALICE, 0o755);
	stage.put("alice/holdfast.ts", ALICE, 0o664, "export default { machines: { m: { state: {} } } };");
	chownSync(join(stage.root, "alice/holdfast.ts"), ALICE, 20);
	read("alice", {}, ALICE);
	read("plain", {}, ALICE);
	for (const way of ["/dev/stdin", "<(cat)", "<(printf %s '{ machines: { m: { state: {} } } }')"])
		for (const command of ["validate", "manifest"]) {
			const words = ["-c", `${HOLDFAST} ${command} --config ${way}`];
			const piped = spawnSync("bash", words, { input: YAML, encoding: "utf8" });
			assert.equal(piped.status, 0, piped.stderr);
		}
	const strangers = stage.put("strangers.yaml", ALICE, 0o644, YAML);
	const given = spawnSync("sh", ["-c", `${HOLDFAST} manifest --config /dev/stdin <${strangers}`], {
		encoding: "utf8",
	});
	assert.equal(given.status, 2, given.stderr);
});

test("others than root: a stranger's folder is not read, and what they name is", () => {
	const stage = new Stage();
	stage.put("bob", BOB, 0o755);
	stage.put("bob/holdfast.ts", BOB, 0o644, stage.code);
	const file = stage.put("bob/c.ts", BOB, 0o644, "export default { machines: { m: { state: {} } } };");
	for (const name of ["home", `state-${ALICE}`, `run-${ALICE}`, `cache-${ALICE}`])
		stage.put(name, ALICE, 0o700);
	const { stderr } = stage.run(join(stage.root, "bob"), ["manifest"], {}, ALICE);
	stage.assertUntouched("manifest");
	assert.match(
		stderr,
		/was ignored: the folder .*bob belongs to .*If you trust it, use --config \S+holdfast\.ts/,
	);
	const named = stage.run("/", ["manifest", "--config", file], {}, ALICE);
	assert.equal(named.code, 0, named.stderr);
});

test("TAB runs no code, not even one's own, and still knows the names", () => {
	const stage = new Stage();
	stage.put("a", 0, 0o755);
	const config = `import { writeFileSync } from "node:fs";
writeFileSync(${JSON.stringify(stage.marker)}, "");
const more: object = {};
export default { machines: { web01: { tags: ["web"], state: { notes: { folders: ["/srv/notes"] }, ...more }, providers: { "disk-1": more } } } };
`;
	stage.put("a/holdfast.ts", 0, 0o644, config);
	const complete = (...words: string[]) => stage.run(join(stage.root, "a"), ["__complete", ...words]).stdout;
	assert.match(complete("create", ""), /^web01\t/m);
	assert.match(complete("create", "--service", ""), /^notes\t/m);
	assert.match(complete("create", "--provider", ""), /^disk-1\t/m);
	assert.match(complete("create", "--tag", ""), /^web\t/m);
	stage.assertUntouched("__complete");
	rmSync(join(stage.root, "a/holdfast.ts"));
	stage.put("a/mine.ts", 0, 0o644, stage.code);
	const yaml =
		"modules: [mine.ts]\nmachines: { web01: { services: { mine: {}, grafana: {} }, providers: { disk: { type: tar, destinations: { d: { path: /x } } } } } }\n";
	stage.put("a/holdfast.yaml", 0, 0o644, yaml);
	assert.match(complete("create", "--service", ""), /^grafana\t/m);
	stage.assertUntouched("__complete, with modules");
});

test("init puts its config in the place of a link, and follows none", () => {
	const stage = new Stage();
	const outside = stage.put("outside", 0, 0o644, "precious");
	stage.put("a", 0, 0o755);
	for (const name of ["there", "dangling"]) {
		const target = name === "there" ? outside : join(stage.root, "made");
		symlinkSync(target, join(stage.root, "a", name));
		const words = ["init", "--config", join(stage.root, "a", name)];
		stage.run("/", words);
		stage.run("/", [...words, "--force"]);
	}
	assert.ok(!existsSync(join(stage.root, "made")));
	assert.equal(spawnSync("cat", [outside], { encoding: "utf8" }).stdout, "precious");
});
