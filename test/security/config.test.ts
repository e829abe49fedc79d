// A config names commands, and may be code. If somebody else could have written it, it is not read just because a
// user stands in its folder or presses TAB there; and root reads none of theirs at all.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chownSync, linkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ALICE, HOLDFAST, Stage } from "./stage.ts";

/** What runs in the current folder without further arguments. */
const COMMANDS = [["status"], ["validate"], ["__complete", "create", ""]];
const MORE = [
	["list"],
	["create", "--dry-run"],
	["modules"],
	["runs", "--on", "evil"],
	["__complete", "create", "--service", ""],
];

describe("the folder in which root stands", () => {
	/** Each is a current folder with a config that somebody else could have written. */
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
		"is like /tmp [long]": (stage) => {
			stage.put("a", 0, 0o1777);
			stage.put("a/holdfast.ts", 0, 0o644, stage.code);
			return "a";
		},
		"can be written by a group [long]": (stage) => {
			stage.put("a", 0, 0o775);
			chownSync(join(stage.root, "a"), 0, 12);
			stage.put("a/holdfast.ts", 0, 0o644, stage.code);
			return "a";
		},
		"holds a file that all can write [long]": (stage) => {
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
		"holds a link through somebody's folder [long]": (stage) => {
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
				// Configs that root itself has written can be completed.
				if (words[0] === "__complete")
					assert.ok(way.startsWith("has a config") || !/evil|^s\t/m.test(stdout));
				else assert.match(stderr, /is not evaluated: |was ignored: |refusing to read /, words.join(" "));
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
		assert.match(run("status").stderr, /was ignored: it is on a removable disk/);
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
		assert.match(stderr, /was ignored: the folder .*\/x belongs to/);
		assert.equal(stderr.split("was ignored").length, 2, `said once: ${stderr}`);
		assert.match(
			stderr,
			/copy it and the files that it imports to \/etc\/holdfast, or run this with sudo from its owner's account/,
		);
		assert.doesNotMatch(stderr, /chown/, "nobody is told to make a home root's");
	});
});
