// A config is obeyed: it names commands, and may be code. One that somebody else could have written is not read just
// because one stands in their folder, or presses TAB there; and root reads none of theirs at all.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
	chmodSync,
	chownSync,
	existsSync,
	linkSync,
	mkdirSync,
	mkdtempSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { scratch } from "../support/scratch.ts";

const PROJECT = join(import.meta.dirname, "../..");
const HOLDFAST = process.env.HOLDFAST_UNDER_TEST ?? join(PROJECT, "bin/holdfast");
const folder = scratch("config");
chmodSync(folder, 0o755);
/** Nobody in particular: a service's user, and another one. */
const ALICE = 65_534;
const BOB = 65_533;

interface Told {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

/** A folder of root's in which others' folders lie; the marker is what must not appear. */
class Stage {
	readonly root = mkdtempSync(join(folder, "stage-"));
	readonly marker = join(this.root, "pwned");

	constructor() {
		chmodSync(this.root, 0o755);
	}

	/** A folder, or a file where there is a text. */
	put(name: string, owner: number, mode: number, text?: string): string {
		const path = join(this.root, name);
		if (text === undefined) mkdirSync(path, { recursive: true });
		else writeFileSync(path, text);
		chownSync(path, owner, owner);
		chmodSync(path, mode);
		return path;
	}

	get code(): string {
		return `import { writeFileSync } from "node:fs"; writeFileSync(${JSON.stringify(this.marker)}, ""); export default { machines: { evil: { state: { s: { folders: ["/srv/s"] } } } } };`;
	}

	run(cwd: string, words: readonly string[], env: Readonly<Record<string, string>> = {}, uid = 0): Told {
		const { SUDO_UID: _, ...own } = process.env;
		// Others may not reach the checkout where it lies.
		const program =
			uid === 0 ? [HOLDFAST] : ["unshare", "-m", "sh", "-ec", AS_USER, "sh", PROJECT, String(uid), cwd];
		const { status, stdout, stderr } = spawnSync(program[0] ?? "", [...program.slice(1), ...words], {
			cwd: uid === 0 ? cwd : "/",
			encoding: "utf8",
			timeout: 20_000,
			env: {
				...own,
				HOME: join(this.root, "home"),
				XDG_CONFIG_HOME: join(this.root, "none"),
				HOLDFAST_STATE_DIR: join(this.root, `state-${uid}`),
				HOLDFAST_RUNTIME_DIR: join(this.root, `run-${uid}`),
				HOLDFAST_CACHE_DIR: join(this.root, `cache-${uid}`),
				...env,
			},
		});
		return { code: status, stdout, stderr };
	}

	assertUntouched(what: string): void {
		assert.ok(!existsSync(this.marker), `${what}: the code of somebody else ran`);
	}
}

const AS_USER = `project=$1 uid=$2 cwd=$3; shift 3; mount --bind "$project" /mnt; cd "$cwd"; exec setpriv --reuid "$uid" --regid "$uid" --clear-groups /mnt/bin/holdfast "$@"`;
const YAML = "machines: { evil: { state: { s: { folders: [/srv/s] } } } }\n";
/** What runs without a word more, in the folder that one stands in. */
const COMMANDS = [["status"], ["validate"], ["__complete", "create", ""]];
const MORE = [
	["list"],
	["create", "--dry-run"],
	["modules"],
	["runs", "--on", "evil"],
	["__complete", "create", "--service", ""],
];

describe("the folder in which root stands", () => {
	/** Each is a folder to stand in, with a config that somebody else could have written. */
	const ways: Readonly<Record<string, (stage: Stage) => string>> = {
		"is somebody's own": (stage) => {
			stage.put("a", ALICE, 0o755);
			stage.put("a/holdfast.ts", ALICE, 0o644, stage.code);
			return "a";
		},
		"is root's, and the file is not": (stage) => {
			stage.put("a", 0, 0o755);
			stage.put("a/holdfast.ts", ALICE, 0o644, stage.code);
			return "a";
		},
		"is somebody's, and the file is root's": (stage) => {
			stage.put("a", ALICE, 0o755);
			stage.put("a/holdfast.ts", 0, 0o644, stage.code);
			return "a";
		},
		"lies in somebody's": (stage) => {
			stage.put("a", ALICE, 0o755);
			stage.put("a/b", 0, 0o755);
			stage.put("a/b/holdfast.ts", 0, 0o644, stage.code);
			return "a/b";
		},
		"can be written by all": (stage) => {
			stage.put("a", 0, 0o777);
			stage.put("a/holdfast.ts", 0, 0o644, stage.code);
			return "a";
		},
		"is like /tmp": (stage) => {
			stage.put("a", 0, 0o1777);
			stage.put("a/holdfast.ts", 0, 0o644, stage.code);
			return "a";
		},
		"can be written by a group": (stage) => {
			stage.put("a", 0, 0o775);
			chownSync(join(stage.root, "a"), 0, 12);
			stage.put("a/holdfast.ts", 0, 0o644, stage.code);
			return "a";
		},
		"holds a file that all can write": (stage) => {
			stage.put("a", 0, 0o755);
			stage.put("a/holdfast.ts", 0, 0o666, stage.code);
			return "a";
		},
		"holds a link to somebody's file": (stage) => {
			stage.put("a", 0, 0o755);
			stage.put("b", ALICE, 0o755);
			stage.put("b/holdfast.ts", ALICE, 0o644, stage.code);
			symlinkSync("../b/holdfast.ts", join(stage.root, "a/holdfast.ts"));
			return "a";
		},
		"holds a link through somebody's folder": (stage) => {
			stage.put("a", 0, 0o755);
			stage.put("b", ALICE, 0o755);
			stage.put("c", 0, 0o755);
			stage.put("c/holdfast.ts", 0, 0o644, stage.code);
			symlinkSync("../c", join(stage.root, "b/way"));
			symlinkSync("../b/way/holdfast.ts", join(stage.root, "a/holdfast.ts"));
			return "a";
		},
		"holds one more name of somebody's file": (stage) => {
			stage.put("a", 0, 0o755);
			stage.put("b", ALICE, 0o755);
			linkSync(stage.put("b/x", ALICE, 0o644, stage.code), join(stage.root, "a/holdfast.ts"));
			return "a";
		},
		"has a config whose own code is somebody's": (stage) => {
			stage.put("a", 0, 0o755);
			stage.put("b", ALICE, 0o755);
			stage.put("b/lib.ts", ALICE, 0o644, stage.code);
			stage.put("a/holdfast.ts", 0, 0o644, 'import x from "../b/lib.ts"; export default x;');
			return "a";
		},
		"has a config with somebody's modules": (stage) => {
			stage.put("a", 0, 0o755);
			stage.put("b", ALICE, 0o755);
			stage.put("b/lib.ts", ALICE, 0o644, stage.code);
			const text = "modules: [../b/lib.ts]\nmachines: { evil: { services: { mine: {} } } }\n";
			stage.put("a/holdfast.yaml", 0, 0o644, text);
			return "a";
		},
		"has a config that names somebody's flake": (stage) => {
			stage.put("a", 0, 0o755);
			stage.put("b", ALICE, 0o755);
			stage.put("b/flake.nix", ALICE, 0o644, "{}");
			stage.put("bin", 0, 0o755);
			stage.put("bin/nix", 0, 0o755, `#!/bin/sh\ntouch ${stage.marker}\n`);
			stage.put("a/holdfast.yaml", 0, 0o644, "machines: { evil: { nix: ../b#evil } }\n");
			return "a";
		},
	};
	for (const [way, make] of Object.entries(ways))
		test(way, () => {
			const stage = new Stage();
			const at = join(stage.root, make(stage));
			const env = { PATH: `${stage.root}/bin:${process.env.PATH}` };
			for (const words of way === "is somebody's own" ? [...COMMANDS, ...MORE] : COMMANDS) {
				const { stdout, stderr, code } = stage.run(at, words, env);
				stage.assertUntouched(words.join(" "));
				// What root itself has written is there to be completed.
				if (words[0] === "__complete")
					assert.ok(way.startsWith("has a config") || !/evil|^s\t/m.test(stdout));
				else assert.match(stderr, /is not (read|evaluated): /, words.join(" "));
				if (words[0] === "validate") assert.equal(code, 2);
			}
		});

	test("a relative flake is the config's neighbour, wherever one stands", () => {
		const stage = new Stage();
		stage.put("a", 0, 0o755);
		stage.put("b", ALICE, 0o755);
		stage.put("b/flake.nix", ALICE, 0o644, "{}");
		stage.put("bin", 0, 0o755);
		stage.put("bin/nix", 0, 0o755, "#!/bin/sh\npwd >&2; exit 1\n");
		stage.put("a/holdfast.yaml", 0, 0o644, "machines: { web01: { nix: .#web01 } }\n");
		const env = { PATH: `${stage.root}/bin:${process.env.PATH}` };
		const words = ["validate", "--config", join(stage.root, "a/holdfast.yaml")];
		const { stderr } = stage.run(join(stage.root, "b"), words, env);
		assert.match(stderr, new RegExp(`^ *${stage.root}/a$`, "m"));
	});

	test("lies on a disk that somebody has brought", () => {
		const stage = new Stage();
		const disk = stage.put("disk", 0, 0o755);
		stage.put("disk/holdfast.ts", 0, 0o644, stage.code);
		stage.put("disk/holdfast.json", 0, 0o644, '{ "machines": { "m": { "state": {} } } }');
		const words =
			'mount -t tmpfs none /media; mkdir /media/usb; mount --bind "$1" /media/usb; cd /media/usb;';
		const run = (...args: string[]) =>
			spawnSync("unshare", ["-m", "sh", "-ec", `${words} shift; exec "$@"`, "sh", disk, HOLDFAST, ...args], {
				encoding: "utf8",
				env: { ...process.env, XDG_CONFIG_HOME: join(stage.root, "none") },
			});
		assert.match(run("status").stderr, /is not read: it lies on a disk that can be taken away/);
		stage.assertUntouched("status");
		assert.equal(run("manifest", "--config", "/media/usb/holdfast.json").status, 0);
	});

	test("XDG_CONFIG_HOME that is somebody's, as after su and sudo -E", () => {
		const stage = new Stage();
		stage.put("x", ALICE, 0o755);
		stage.put("x/holdfast", ALICE, 0o755);
		stage.put("x/holdfast/holdfast.ts", ALICE, 0o644, stage.code);
		const { stderr } = stage.run("/", ["status"], { XDG_CONFIG_HOME: join(stage.root, "x") });
		stage.assertUntouched("status");
		assert.match(stderr, /is not read: the folder .*\/x belongs to/);
		assert.equal(stderr.split("is not read").length, 2, `said once: ${stderr}`);
		assert.match(stderr, /copy it to \/etc\/holdfast, .*or run this with sudo from its owner's account/);
		assert.doesNotMatch(stderr, /chown/, "nobody is told to make a home root's");
	});
});

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
			assert.match(stderr, /is not read: the folder .*belongs to .*\n.*nobody else may be able to change it/);
			assert.match(stderr, /→ copy it to \/etc\/holdfast/);
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
	// A folder of one's own in one like /tmp.
	stage.put("tmp", 0, 0o1777);
	stage.put("tmp/own", 0, 0o700);
	stage.put("tmp/own/holdfast.yaml", 0, 0o600, YAML);
	read("tmp/own");
	// What root has written into /tmp itself, where it is named; not where it would be found.
	const named = stage.put("tmp/holdfast.yaml", 0, 0o644, YAML);
	assert.equal(stage.run("/", ["manifest", "--config", named]).code, 0);
	// As Nix and dotfile managers do it: links of root's into folders of root's.
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
	// Somebody else's own, with a group that nobody else is in, and root's.
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
		/is not read: the folder .*bob belongs to .*If you trust it: --config \S+holdfast\.ts/,
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
