// The recovery sheet, followed: its commands are run on another machine with an empty home, with nothing but what it says is
// needed, for every engine and every option that decides how a destination is reached.
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { isRoot } from "../support/tree.ts";

const HOLDFAST = join(import.meta.dirname, "../../bin/holdfast");
const SECRET = "correct horse";
const below = scratch("sheet");
const passphraseFile = join(below, "passphrase");
writeFileSync(passphraseFile, `${SECRET}\n`, { mode: 0o600 });
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's
const PAST_OPTIONS = 'while [ "${1#-}" != "$1" ]; do [ "$1" = -i ] && shift; shift; done; shift; exec "$@"';
/** Instead of ssh: it drops ssh's options and the host, and runs the command here. */
const rsh = script("rsh", PAST_OPTIONS);

function script(name: string, text: string): string {
	const file = join(below, name);
	writeFileSync(file, `#!/bin/sh\n${text}\n`);
	chmodSync(file, 0o755);
	return file;
}

interface Case {
	provider(at: string): object | Promise<object>;
	/** What the sheet says is needed. */
	needs?: readonly RegExp[];
	/** What is typed into the file of this name. */
	typed?: (at: string) => Readonly<Record<string, string>>;
	/** It has no archive with a manifest: the config is put back as the sheet says. */
	keepsConfig?: boolean;
}

const PASSPHRASE = /you need the passphrase \(on the old machine: .*\/passphrase\):\n\n +_+\n/;
const KEY_PRINTED = /you need the repository's key \(on the old machine: .*\): it is printed below\n/;
const borg = (more: object, needs: readonly RegExp[] = [PASSPHRASE]): Case => ({
	provider: (repo) => ({ borgbackup: { destinations: { nas: { repo, passphraseFile, ...more } } } }),
	needs,
});
const restic = (more: object, needs: readonly RegExp[] = []): Case => ({
	provider: (repo) => ({ restic: { destinations: { nas: { repo, passphraseFile, ...more } } } }),
	needs: [PASSPHRASE, ...needs],
});

const CASES: Readonly<Record<string, Case>> = {
	"tar [long]": { provider: (path) => ({ tar: { destinations: { usb: { path } } } }) },
	"tar on a disk [long]": {
		provider: (path) => ({ tar: { destinations: { usb: { path, mountpoint: "/" } } } }),
		needs: [/you need its disk, mounted at \/\n/],
	},
	"borgbackup, repokey": borg({ encryption: "repokey" }, [
		PASSPHRASE,
		/ {2}should the repository lose its key: borg key import --paper \/.*\/kept\n\n[\s\S]*BORG PAPER KEY/,
	]),
	"borgbackup, repokey-blake2 [long]": borg({ encryption: "repokey-blake2" }),
	"borgbackup, keyfile in borg's own folder [long]": borg({ encryption: "keyfile" }, [
		PASSPHRASE,
		KEY_PRINTED,
	]),
	"borgbackup, keyfile-blake2 with keyFile [long]": {
		provider: (repo) => {
			const options = { repo, passphraseFile, encryption: "keyfile-blake2", keyFile: `${repo}.key` };
			return { borgbackup: { destinations: { nas: options } } };
		},
		needs: [PASSPHRASE, KEY_PRINTED, /\(on the old machine: .*\/kept\.key\)/],
	},
	"borgbackup, not encrypted [long]": {
		provider: (repo) => ({ borgbackup: { destinations: { nas: { repo, encryption: "none" } } } }),
	},
	"borgbackup, passphraseCommand": borg(
		{ passphraseFile: undefined, passphraseCommand: ["cat", passphraseFile] },
		[/you need the passphrase \(on the old machine: the output of: cat .*\)/],
	),
	"borgbackup, keyfile over SSH": {
		provider: (at) => {
			const reach = {
				repo: `ssh://borg@nas${at}`,
				rsh: `${rsh} -i /nowhere/key`,
				remotePath: "/usr/bin/borg",
			};
			const options = { ...reach, passphraseFile, encryption: "keyfile" };
			return { borgbackup: { destinations: { nas: options } } };
		},
		needs: [
			PASSPHRASE,
			KEY_PRINTED,
			/you need the SSH key, at the same path \(on the old machine: \/nowhere\/key\)/,
			/apt-get install borgbackup openssh-client/,
		],
	},
	"restic [long]": restic({}),
	"restic, environmentFile [long]": {
		...restic({ environmentFile: join(below, "environment") }, [
			/you need the environment variables, one NAME=VALUE a line \(on the old machine: .*\/environment\):/,
		]),
		typed: () => ({ environment: "RESTIC_COMPRESSION=max" }),
	},
	"restic, SFTP with options [long]": {
		provider: (at) => {
			const options = [`sftp.command=${rsh} -i /nowhere/key nas /usr/lib/openssh/sftp-server`];
			return { restic: { destinations: { nas: { repo: `sftp:nas:${at}`, passphraseFile, options } } } };
		},
		needs: [PASSPHRASE, /you need the SSH key, at the same path \(on the old machine: \/nowhere\/key\)/],
	},
	"restic, a REST server with a password in repoFile": {
		provider: async (at) => {
			const { address, secret } = await restServer(at);
			const repoFile = `${at}.address`;
			writeFileSync(repoFile, secret, { mode: 0o600 });
			return { restic: { destinations: { nas: { repo: address, repoFile, passphraseFile } } } };
		},
		needs: [
			PASSPHRASE,
			/you need the complete address, with its password \(on the old machine: .*\.address\):/,
		],
		typed: (at) => ({ address: readFileSync(`${at}.address`, "utf8") }),
	},
	"localbackup [long]": {
		provider: (directory) => ({ localbackup: { destinations: { usb: { directory } } } }),
	},
	"localbackup, with hooks": {
		provider: (directory) => ({
			localbackup: { destinations: { usb: { directory, preMountHook: "echo unlock\ntrue" } } },
		}),
		needs: [/ {2}first, as preMountHook did:\n {4}echo unlock\n {4}true\n/],
	},
	command: {
		provider: (at) => ({
			own: {
				type: "command",
				create: `mkdir -p ${at}; tar -cPf ${at}/"$HOLDFAST_ARCHIVE" -- $(tr : ' ' <<<"$FOLDERS")`,
				list: `ls ${at}`,
				restore: `tar -xPf ${at}/"$NAME"`,
			},
		}),
		needs: [
			/you need this machine's config, since no archive of such a provider holds it/,
			/this script lists the archives \(bash\):\n {4}ls /,
			/the archive NAME:\n {4}tar -xPf /,
		],
		keepsConfig: true,
	},
};

const servers: ChildProcess[] = [];
after(() => {
	for (const server of servers) server.kill();
});

async function restServer(at: string): Promise<{ address: string; secret: string }> {
	const port = await new Promise<number>((resolve) => {
		const probe = createServer().listen(0, "127.0.0.1", () => {
			const address = probe.address();
			probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
		});
	});
	const words = ["serve", "restic", "--addr", `127.0.0.1:${port}`, "--user", "u", "--pass", "p-4711", at];
	servers.push(spawn("rclone", words, { stdio: "ignore" }));
	const address = `rest:http://127.0.0.1:${port}/`;
	for (let tries = 0; tries < 100; tries++) {
		const answers = await fetch(address.slice("rest:".length)).then(
			() => true,
			() => false,
		);
		if (answers) break;
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
	return { address, secret: address.replace("//", "//u:p-4711@") };
}

/** The shell's commands in the part of the sheet that tells what to do, each in one line. */
function commandsIn(sheet: string): string[] {
	const [, part = ""] = /\n {2}on the new machine:\n((?: {4}.*\n)+)/.exec(sheet) ?? [];
	return part
		.replaceAll(/ \\\n +/g, " ")
		.trimEnd()
		.split("\n");
}

/** The lines of borg's paper key, without their labels. */
const paperKey = (sheet: string) =>
	[...sheet.matchAll(/^ +(?:id|\d+): (.*)$/gm)].map(([, line]) => `${line}\n`).join("");

/** A second machine: another name, an empty home, and a `holdfast` that keeps its config there and does not ask. */
function newMachine() {
	const place = new Place(below);
	const home = place.path("home");
	mkdirSync(join(home, "bin"), { recursive: true });
	const config = join(home, "holdfast.yaml");
	writeFileSync(
		join(home, "bin/holdfast"),
		`#!/bin/sh
case $1 in adopt) exec ${HOLDFAST} "$@" --output ${config} --yes ;; *) exec ${HOLDFAST} "$@" --config ${config} --yes ;; esac
`,
	);
	chmodSync(join(home, "bin/holdfast"), 0o755);
	const env = {
		...place.env,
		HOME: home,
		XDG_CONFIG_HOME: undefined,
		XDG_CACHE_HOME: undefined,
		PATH: `${join(home, "bin")}:${process.env.PATH}`,
	};
	const run = (line: string, input: string) => {
		const words = ["bash", "-c", line];
		const [program = "", ...rest] = isRoot
			? ["unshare", "--uts", "sh", "-c", 'hostname another; exec "$@"', "sh", ...words]
			: words;
		const { status, stdout, stderr } = spawnSync(program, rest, { cwd: home, env, input, encoding: "utf8" });
		assert.equal(status, 0, `${line}\n${stdout}${stderr}`);
	};
	return { config, run };
}

describe("a recovery sheet, followed on an empty machine", () => {
	for (const [name, { provider, needs = [], typed, keepsConfig = false }] of Object.entries(CASES))
		test(name, async () => {
			const first = new Place(below);
			const at = first.path("kept");
			const file = first.write("notes/deep/file", "as it was");
			writeFileSync(join(below, "environment"), "RESTIC_COMPRESSION=max\n", { mode: 0o600 });
			if (name.includes("REST")) mkdirSync(at);
			const state = { notes: { folders: [first.path("notes")] } };
			first.declare({ state, providers: await provider(at) });
			const ok = async (...words: string[]) => {
				const { code, stdout, stderr } = await first.holdfast(...words);
				assert.equal(code, 0, `${words.join(" ")}\n${stdout}${stderr}`);
				return stdout;
			};
			await ok("create");
			const sheet = await ok("recovery-sheet");
			for (const need of needs) assert.match(sheet, need);
			assert.doesNotMatch(sheet, new RegExp(`${SECRET}|p-4711`));

			const second = newMachine();
			if (keepsConfig) copyFileSync(first.path("holdfast.json"), second.config);
			const input = { passphrase: SECRET, ...typed?.(at) } as Readonly<Record<string, string>>;
			for (const gone of ["state", "run", "config", "cache", "notes", "holdfast.json", "kept.key"])
				rmSync(first.path(gone), { recursive: true, force: true });
			const lines = commandsIn(sheet);
			assert.match(lines.at(-1) ?? "", /holdfast restore web01 \w+ latest$/);
			for (const line of lines) {
				const [, asked = ""] = /cat >(\w+)\)/.exec(line) ?? [];
				second.run(line, line.includes("key import") ? paperKey(sheet) : `${input[asked] ?? ""}\n`);
			}
			assert.equal(readFileSync(file, "utf8"), "as it was");
		});

	test("a repository with archives of several machines: the sheet names this one", async () => {
		const first = new Place(below);
		const file = first.write("notes/file", "as it was");
		first.declare({ state: { notes: { folders: [first.path("notes")] } } });
		assert.equal((await first.holdfast("create")).code, 0);
		const config = readFileSync(first.path("holdfast.json"), "utf8");
		first.write("holdfast.json", config.replace("web01", "web02"));
		assert.equal((await first.holdfast("create")).code, 0);
		const { stdout } = await first.holdfast("recovery-sheet");
		rmSync(file);
		const second = newMachine();
		for (const line of commandsIn(stdout)) second.run(line, "");
		assert.ok(existsSync(file));
	});
});
