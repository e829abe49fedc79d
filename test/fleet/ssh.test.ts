// Connecting by the system's ssh, with what a user's surroundings and config may hold: an sshd on loopback.
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { layoutOf } from "../../src/fleet/layout.ts";
import { programOf } from "../../src/fleet/place.ts";
import { Connection } from "../../src/fleet/ssh.ts";
import { saidIn } from "../../src/fleet/ssh-words.ts";
import { script, targetHere, targetOver } from "../../src/fleet/target.ts";
import { HoldfastError } from "../../src/values/error.ts";
import { scratch } from "../support/scratch.ts";
import { freePort, knownHost, listening, makeSshKeys, startSshd } from "../support/sshd.ts";

const skip = process.getuid?.() !== 0 ? "an sshd of its own needs root" : undefined;

describe("connecting", { skip }, () => {
	const folder = scratch("ssh");
	const config = join(folder, "ssh.conf");
	const known = join(folder, "known_hosts");
	const bin = join(folder, "bin");
	const environment = { ...process.env };
	let keys: ReturnType<typeof makeSshKeys>;
	let port: number;
	let daemon: ChildProcess | undefined;
	after(() => daemon?.kill("SIGKILL"));
	before(async () => {
		keys = makeSshKeys(folder);
		port = await freePort();
		// A sudo that is set up as on old versions of Red Hat's systems.
		mkdirSync(bin);
		writeFileSync(
			join(bin, "sudo"),
			"#!/bin/sh\necho 'sudo: sorry, you must have a tty to run sudo' >&2; exit 1\n",
			{ mode: 0o755 },
		);
		daemon = startSshd(folder, keys, `127.0.0.1:${port}`, [`SetEnv PATH=${bin}:/usr/bin:/bin`]);
		await listening(port);
	});
	beforeEach(() => {
		for (const name of Object.keys(process.env)) delete process.env[name];
		Object.assign(process.env, environment, { HOLDFAST_RUNTIME_DIR: join(folder, "run") });
		writeFileSync(known, knownHost(`[127.0.0.1]:${port}`, keys));
		configure(keys.key);
	});

	function configure(identity: string) {
		writeFileSync(
			config,
			`Host web01\n  HostName 127.0.0.1\n  Port ${port}\n  User root\n  IdentitiesOnly yes\n  IdentityFile ${identity}\n  UserKnownHostsFile ${known}\n`,
		);
	}

	async function answers(sudo = false) {
		const address = { machine: "web01", host: "web01", sudo, config };
		const connection = await Connection.open(address, new AbortController().signal);
		try {
			return await script(targetOver(connection), "echo here");
		} finally {
			await connection.close();
		}
	}

	async function refusal(work: () => Promise<unknown>) {
		const error = await work().then(
			() => assert.fail("it was accepted"),
			(reason: unknown) => reason,
		);
		assert.ok(error instanceof HoldfastError, String(error));
		return error;
	}

	test("a long TMPDIR, and a long folder for what runs: the socket's path stays short", async () => {
		const long = join(folder, "l".repeat(120));
		mkdirSync(long);
		process.env.TMPDIR = long;
		assert.equal(await answers(), "here\n");
		assert.deepEqual(readdirSync(join(folder, "run")), []);
		process.env.HOLDFAST_RUNTIME_DIR = long;
		assert.equal(await answers(), "here\n");
		assert.deepEqual(readdirSync(long), []);
	});

	test("the config may refer to the user's environment", async () => {
		configure(`\${MY_KEYS}/key`);
		assert.equal((await refusal(() => answers())).code, "ssh-failed");
		process.env.MY_KEYS = dirname(keys.key);
		process.env.LC_MESSAGES = "de_DE.UTF-8";
		assert.equal(await answers(), "here\n");
	});

	test("a host key that has changed: the command that forgets it works, with port and file", async () => {
		const other = join(folder, "other");
		execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", other]);
		writeFileSync(known, knownHost(`[127.0.0.1]:${port}`, { ...keys, hostKey: other }));
		const error = await refusal(() => answers());
		assert.equal(error.code, "host-key-changed");
		const command = /if it is right: (ssh-keygen .*), then ssh web01 once/.exec(error.hint ?? "")?.[1] ?? "";
		assert.ok(command.endsWith(`-R '[127.0.0.1]:${port}'`), error.hint);
		execFileSync("sh", ["-c", command]);
		assert.equal((await refusal(() => answers())).code, "host-key-unknown");
	});

	test("a jump host's key that is not known: the words of its ssh, which has no log, are understood", async () => {
		const jump = `Host jump\n  HostName 127.0.0.1\n  Port ${port}\n  User root\n  UserKnownHostsFile /dev/null\n`;
		writeFileSync(config, `${jump}Host web01\n  HostName 127.0.0.1\n  ProxyJump jump\n`);
		assert.equal((await refusal(() => answers())).code, "host-key-unknown");
		const alone = Connection.forOne({ machine: "web01", host: "web01", sudo: false, config });
		assert.equal((await refusal(() => script(targetOver(alone), "true"))).code, "host-key-unknown");
		assert.deepEqual(readdirSync(join(folder, "run")), []);
	});

	test("a jump host that cannot be reached, has no address, or refuses the login is named, and not tried again and again", async () => {
		const closed = await freePort();
		for (const [jump, options, code, message] of [
			[
				"jump",
				`HostName 127.0.0.1\n  Port ${closed}`,
				"host-unreachable",
				/\(127\.0\.0\.1\) cannot be reached/,
			],
			["nowhere.invalid", "", "host-unreachable", /\(nowhere\.invalid\) has no address/],
			[
				"jump",
				`HostName 127.0.0.1\n  Port ${port}\n  IdentityFile /dev/null\n  UserKnownHostsFile ${known}`,
				"ssh-refused",
				/\(root@127\.0\.0\.1\) refused the login/,
			],
		] as const) {
			writeFileSync(
				config,
				`Host ${jump}\n  User root\n  IdentitiesOnly yes\n  ${options}\nHost web01\n  HostName 127.0.0.1\n  ProxyJump ${jump}\n`,
			);
			const began = performance.now();
			const error = await refusal(() => answers());
			assert.equal(error.code, code);
			assert.match(error.message, /^the jump host of web01 /);
			assert.match(error.message, message);
			assert.ok(performance.now() - began < 10_000);
		}
		// The jump host is well; the machine behind it is not.
		writeFileSync(
			config,
			`Host jump\n  HostName 127.0.0.1\n  Port ${port}\n  User root\n  IdentityFile ${keys.key}\n  UserKnownHostsFile ${known}\nHost web01\n  HostName 127.0.0.1\n  Port ${closed}\n  ProxyJump jump\n`,
		);
		assert.match((await refusal(() => answers())).message, /^web01 \(web01\) /);
	});

	test("what ssh quotes of a server that ends the connection is not taken for ssh's own words", () => {
		const quote = "Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures";
		const denied = "u@h: Permission denied (publickey";
		const alarm = "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @";
		assert.deepEqual(saidIn([denied, alarm], []).ssh, [denied]);
		const forged = ["Host key for other has changed", "kex_exchange_identification: read: Connection reset"];
		assert.deepEqual(saidIn([quote, ...forged], ["Host key verification failed."]).ssh, [quote]);
	});

	test("a sudo that wants a terminal is explained", async () => {
		const error = await refusal(() => answers(true));
		assert.equal(error.code, "sudo-refused");
		assert.match(error.hint ?? "", /Defaults:USER !requiretty/);
	});

	test("with sudo, root looks for Holdfast: the user may not see its folder", async () => {
		// Only this sudo sees the program.
		const { program } = layoutOf();
		const mount = `mount -t tmpfs tmpfs ${dirname(program)} && printf '#!/bin/sh\\necho "$0" "$@"\\n' >${program} && chmod +x ${program} && exec "$@"`;
		const sudo = join(bin, "sudo");
		const before = readFileSync(sudo);
		writeFileSync(
			sudo,
			`#!/bin/sh\nshift 2\nexec unshare --mount sh -c '${mount.replaceAll("'", "'\\''")}' sh "$@"\n`,
		);
		try {
			const there = Connection.forOne({ machine: "web01", host: "web01", sudo: true, config });
			const lines: string[] = [];
			const session = await there.startHoldfast(["serve", "it's"], { onStdout: (line) => lines.push(line) });
			const { stderr } = await session.done;
			assert.deepEqual(lines, [`${program} serve it's`], stderr.join("\n"));
		} finally {
			writeFileSync(sudo, before);
		}
	});

	test("a runtime on a filesystem without execution is explained", async () => {
		const arrivals = join(folder, "arrivals");
		mkdirSync(arrivals);
		const mount = `mount -t tmpfs -o noexec tmpfs ${arrivals} && cp /bin/true ${arrivals}/file-0 && exec "$@"`;
		const here = targetHere("web01");
		const target = {
			...here,
			start: (argv: readonly string[], options = {}) =>
				here.start(["unshare", "--mount", "sh", "-c", mount, "sh", ...argv], options),
		};
		const facts = { os: "Linux", arch: "", uid: 0, home: "/", systemd: true, nixos: false, room: [] };
		const place = { target, layout: layoutOf(), facts, user: false };
		const desired = { files: [], timers: [], atBoot: [] };
		const file = {
			path: "/nowhere",
			mode: "0755",
			folderMode: "0755",
			sha256: "",
			shown: false,
			stays: false,
		};
		const error = await refusal(() =>
			programOf(
				place,
				{ ...desired, files: [{ ...file, content: { text: "" } }] },
				new Map([["file-0", { text: "" }]]),
				arrivals,
			),
		);
		assert.match(error.hint ?? "", new RegExp(`mounted noexec; see: findmnt -T ${arrivals}/file-0`));
		assert.ok(!existsSync(join(arrivals, "file-0")));
	});
});
