// The login shell of another machine may be any, and its start-up files may print anything: one sshd on loopback, which
// runs each session in the shell that belongs to the key.
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { deliver } from "../../src/fleet/deliver.ts";
import { Connection } from "../../src/fleet/ssh.ts";
import type { Address } from "../../src/fleet/ssh-faults.ts";
import { factsOf, hashesOf, script, type Target, targetOver, textOf } from "../../src/fleet/target.ts";
import { ask } from "../../src/fleet/there.ts";
import { answerReader } from "../../src/host/lines.ts";
import { HoldfastError } from "../../src/values/error.ts";
import { scratch } from "../support/scratch.ts";
import { freePort, knownHost, listening, makeSshKeys, startSshd } from "../support/sshd.ts";

const PROGRAM = join(import.meta.dirname, "../../bin/holdfast");
/** Where each reads commands before those of a session, below its home. */
const STARTUP = {
	bash: ".bashrc",
	zsh: ".zshenv",
	fish: ".config/fish/config.fish",
	tcsh: ".tcshrc",
	dash: undefined,
} as const;
type Shell = keyof typeof STARTUP;
const SHELLS = Object.keys(STARTUP) as Shell[];
const pathOf = (shell: string) =>
	["/bin", "/usr/bin", "/usr/sbin"].map((folder) => join(folder, shell)).find((path) => existsSync(path));

/** Both without a newline at the end, so that what follows is on the same line. */
const CHATTY = "printf 'two lines: command not found\\nhello '; sh -c 'printf \"stty: not a tty \" >&2'\n";

describe("login shells", {
	skip: process.getuid?.() !== 0 ? "an sshd of its own needs root" : undefined,
}, () => {
	const folder = scratch("shells");
	const addresses = new Map<string, Address>();
	let daemon: ChildProcess | undefined;
	after(() => daemon?.kill("SIGKILL"));
	before(async () => {
		const keys = makeSshKeys(folder);
		const port = await freePort();
		const accepted: string[] = [];
		const hosts: string[] = [];
		const account = (name: string, shell: string, startup?: string) => {
			const home = join(folder, name);
			if (startup !== undefined) {
				mkdirSync(join(home, startup, ".."), { recursive: true });
				writeFileSync(join(home, startup), CHATTY);
			}
			mkdirSync(home, { recursive: true });
			const login = join(home, "login");
			writeFileSync(
				login,
				`#!/bin/sh\nunset SHLVL\nexport HOME=${home} XDG_CONFIG_HOME=${home}/.config XDG_DATA_HOME=${home}\n${shell}\n`,
			);
			chmodSync(login, 0o755);
			const key = join(folder, `key-${name}`);
			execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
			accepted.push(`command="${login}" ${readFileSync(`${key}.pub`, "utf8")}`);
			hosts.push(`Host ${name}\n  IdentityFile ${key}\n`);
			addresses.set(name, { machine: name, host: name, sudo: false, config: join(folder, "ssh.conf") });
		};
		for (const shell of SHELLS) {
			account(shell, `exec ${pathOf(shell)} -c "$SSH_ORIGINAL_COMMAND"`);
			account(`chatty-${shell}`, `exec ${pathOf(shell)} -c "$SSH_ORIGINAL_COMMAND"`, STARTUP[shell]);
		}
		account("nologin", `exec ${pathOf("nologin")} -c "$SSH_ORIGINAL_COMMAND"`);
		account("waits", "printf 'press a key: '; exec sleep 1000");
		writeFileSync(`${keys.key}.pub`, accepted.join(""));
		writeFileSync(join(folder, "known_hosts"), knownHost(`[127.0.0.1]:${port}`, keys));
		writeFileSync(
			join(folder, "ssh.conf"),
			`${hosts.join("")}Host *\n  HostName 127.0.0.1\n  Port ${port}\n  User root\n  IdentitiesOnly yes\n  UserKnownHostsFile ${folder}/known_hosts\n`,
		);
		// An installed program for root, in a folder that is in no PATH.
		const bin = join(folder, "bin");
		mkdirSync(bin);
		writeFileSync(join(bin, "holdfast"), `#!/bin/sh\nexec ${PROGRAM} "$@"\n`, { mode: 0o755 });
		daemon = startSshd(
			folder,
			keys,
			`127.0.0.1:${port}`,
			["SetEnv PATH=/usr/sbin:/usr/bin:/sbin:/bin", "MaxStartups 100"],
			[...["unshare", "--mount", "sh", "-c"], ...[`mount --bind ${bin} /usr/local/bin && exec "$@"`, "sh"]],
		);
		await listening(port);
	});

	async function over<T>(name: string, work: (target: Target, connection: Connection) => Promise<T>) {
		const address = addresses.get(name);
		assert.ok(address);
		const connection = await Connection.open(address, new AbortController().signal);
		try {
			return await work(targetOver(connection), connection);
		} finally {
			await connection.close();
		}
	}

	/** As shown to a person. */
	async function refusal(name: string, work: (target: Target, connection: Connection) => Promise<unknown>) {
		const error = await over(name, work).then(
			() => assert.fail("it was accepted"),
			(reason: unknown) => reason,
		);
		assert.ok(error instanceof HoldfastError, String(error));
		return [error.message, ...error.details, error.hint ?? ""].join("\n");
	}

	async function runsHoldfast(connection: Connection) {
		const output = answerReader();
		const question = {
			signal: new AbortController().signal,
			remark: () => {},
			reader: () => output,
		};
		const { code, stderr } = await ask(connection, { argv: ["schema"] }, question);
		assert.equal(code, 0, stderr.join("\n"));
		assert.match(output.text(), /^\{/);
	}

	for (const name of SHELLS.flatMap((shell) => [shell, `chatty-${shell}`]))
		test(
			`${name}: what a deploy runs, and the program by its full path${/^chatty-(?!fish)/.test(name) ? " [long]" : ""}`,
			{
				skip: pathOf(name.replace("chatty-", "")) ? false : `there is no ${name}`,
			},
			() =>
				over(name, async (target, connection) => {
					const facts = await factsOf(target, ["/"]);
					assert.equal(facts.uid, 0);
					assert.equal(facts.home, join(folder, name));
					assert.equal(facts.room.length, 1);
					const arrivals = join(folder, name, "it's a $HOME `new` \\ folder! [*] ~");
					const odd = "it's !1 $HOME `id` \\ {a,b}\n* ~ %self";
					const sent = new Map([["file", { text: odd }]]);
					await deliver(target, arrivals, sent, new AbortController().signal, async () => {
						assert.equal(await textOf(target, join(arrivals, "file")), odd);
					});
					assert.equal(await textOf(target, arrivals), undefined);
					const plain = join(folder, "it's !1 $HOME");
					writeFileSync(plain, "");
					assert.deepEqual([...(await hashesOf(target, [plain, "/nowhere"])).keys()], [plain]);
					assert.equal(await script(target, 'printf %s "$2"; cat', ["", odd]), odd);
					await runsHoldfast(connection);
				}),
		);

	test("nologin: what it says is shown", async () => {
		for (const work of [
			(target: Target) => factsOf(target, []),
			(_: Target, connection: Connection) => runsHoldfast(connection),
		]) {
			const said = await refusal("nologin", work);
			assert.match(said, /the account on nologin .* has no login shell\n/);
			assert.match(said, /This account is currently not available/);
		}
	});

	test("a shell that waits: a deploy and a question wait as long as the others do, and say what they wait for", async () => {
		process.env.HOLDFAST_ANSWER_SECONDS = "2";
		try {
			const began = performance.now();
			const said = await refusal("waits", (target) => factsOf(target, []));
			assert.match(said, /ran nothing for 2 seconds \(does a start-up file of its shell wait\?\)/);
			assert.match(said, /press a key:/);
			const asked = await refusal("waits", (_, connection) => runsHoldfast(connection));
			assert.match(asked, /ran no Holdfast for 2 seconds\n/);
			assert.match(asked, /does a start-up file of its shell print or wait\?.*: ssh waits true/);
			assert.ok(performance.now() - began < 15_000);
		} finally {
			delete process.env.HOLDFAST_ANSWER_SECONDS;
		}
	});

	for (const shell of SHELLS)
		test(`${shell}: its words for a program that is missing`, {
			skip: pathOf(shell) ? false : `there is no ${shell}`,
		}, () => {
			const address = addresses.get(shell);
			assert.ok(address);
			for (const [program, meaning] of [
				["holdfast", /Holdfast is not installed on/],
				["/usr/local/nowhere/holdfast", /Holdfast is not installed on/],
				["sudo", /sudo is not installed on/],
			] as const) {
				const said = execFileSync(
					"sh",
					["-c", `PATH=/nowhere ${pathOf(shell)} -c '${program} __serve' 2>&1; true`],
					{ encoding: "utf8", env: { HOME: join(folder, shell), PATH: "/usr/bin:/bin" } },
				);
				const fault = Connection.forOne(address).fault({ stderr: said.split("\n"), ssh: [] }, "ended");
				assert.match(fault.message, meaning, said);
				assert.equal(fault.details.join("\n").trim(), said.trim());
			}
		});
});
