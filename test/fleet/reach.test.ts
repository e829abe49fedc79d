// From an operator's machine to others, over real SSH: selection, remote runs, many at once, and failures on the way.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { PROTOCOL } from "../../src/fleet/protocol.ts";
import type { ListedArchive } from "../../src/plan/archives.ts";
import { type Machine, machine, noMachines } from "../machine/machine.ts";
import { letIn } from "./keys.ts";

/** A machine with a service that owns a folder; Holdfast is in its path. */
async function service(name: string): Promise<Machine> {
	const made = await machine(name, { units: ["ssh.service"] });
	await made.sh(`
		ln -sf /opt/holdfast/bin/holdfast /usr/local/bin/holdfast
		mkdir -p /srv/notes
		echo "of ${name}" >/srv/notes/file
	`);
	return made;
}

describe("machines elsewhere", { skip: noMachines }, () => {
	let laptop: Machine;
	let web01: Machine;
	let web02: Machine;

	before(async () => {
		laptop = await machine("laptop", { units: [] });
		[web01, web02] = await Promise.all([service("web01"), service("web02")]);
		await letIn(laptop, [web01, web02]);
		await declare();
	});

	const declare = (slow = "") =>
		laptop.write(
			"/etc/holdfast/holdfast.yaml",
			`
tags:
  web:
    state: { notes: { folders: [/srv/notes]${slow} } }
    providers: { tar: { destinations: { disk: { path: /var/backups/holdfast } } } }
machines:
  web01: { host: root@web01, tags: [web] }
  web02: { host: "ssh://root@web02:22", tags: [web] }
  down: { host: root@10.77.0.250, tags: [lost], state: { s: { folders: [/srv/s] } }, providers: { tar: { destinations: { disk: { path: /b } } } } }
`,
		);

	async function archives(...words: string[]): Promise<ListedArchive[]> {
		const { code, stdout, stderr } = await laptop.holdfast("list", ...words, "--json");
		assert.equal(code, 0, stderr);
		return JSON.parse(stdout).archives;
	}

	test("create, list and restore of one machine, as if it were this one", async () => {
		const created = await laptop.holdfast("create", "web01");
		assert.equal(created.code, 0, created.stderr);
		assert.match(created.stderr, /✔ write web01-\S+ to disk \(tar\)/);
		assert.equal((await archives("web01")).length, 1);
		await web01.sh("echo changed >/srv/notes/file");
		const refused = await laptop.holdfast("restore", "--service", "notes", "web01", "tar", "latest");
		assert.equal(refused.code, 2);
		assert.match(refused.stdout, /swap|put/i);
		assert.match(refused.stderr, /there is no terminal to ask for confirmation/);
		const restored = await laptop.holdfast(
			"restore",
			"--service",
			"notes",
			"--yes",
			"web01",
			"tar",
			"latest",
		);
		assert.equal(restored.code, 0, restored.stderr);
		assert.equal(await web01.sh("cat /srv/notes/file"), "of web01");
	});

	test("runs, undo and recover of a machine elsewhere, with --on", async () => {
		await web01.sh("echo changed >/srv/notes/file");
		const kept = await laptop.holdfast(
			"restore",
			"--service",
			"notes",
			"--yes",
			"--keep-old",
			"1d",
			"web01",
			"tar",
			"latest",
		);
		assert.equal(kept.code, 0, kept.stderr);
		const { stdout } = await laptop.holdfast("runs", "--on", "web01", "--json");
		const [newest] = JSON.parse(stdout) as { id: string; operation: string }[];
		assert.equal(newest?.operation, "restore");
		assert.match(
			(await laptop.holdfast("runs", "show", "--on", "web01", newest?.id ?? "")).stdout,
			/put \/srv\/notes/,
		);
		const undone = await laptop.holdfast("undo", "--on", "web01", "--yes", newest?.id ?? "");
		assert.equal(undone.code, 0, undone.stderr);
		assert.equal(await web01.sh("cat /srv/notes/file"), "changed");
		assert.equal((await laptop.holdfast("recover", "--on", "web01")).code, 0);
		await web01.sh("echo of web01 >/srv/notes/file");
	});

	test("a command connects once, also when it asks before it begins or looks again and again", async () => {
		const connections = async () =>
			Number(await web01.sh("journalctl --sync; journalctl -u ssh -o cat | grep -c ^Accepted || true"));
		const before = await connections();
		await web01.sh("echo changed >/srv/notes/file");
		const asked = await laptop.run([
			"bash",
			"-c",
			`echo y | script -qec "/opt/holdfast/bin/holdfast restore --service notes web01 tar latest" /dev/null`,
		]);
		assert.equal(asked.code, 0, asked.stdout);
		assert.match(asked.stdout, /Restore notes on web01 from disk::\S+\? \[y\/N\]/);
		assert.equal(await web01.sh("cat /srv/notes/file"), "of web01");
		assert.equal(await connections(), before + 1);
		await laptop.sh(`
			/opt/holdfast/bin/holdfast status web01 --watch >/tmp/looks & watch=$!
			until [ "$(grep -c tar/disk /tmp/looks)" -ge 2 ]; do kill -0 $watch; sleep 0.2; done
			kill -TERM $watch; wait $watch || true
		`);
		assert.equal(await connections(), before + 2);
		assert.equal(
			(await laptop.run(["sh", "-c", "ls -d /tmp/holdfast-ssh-* /run/holdfast/ssh-*"])).stdout,
			"",
		);
	});

	test("a tag: all of its machines at once, each by its own run, with a table in the end", async () => {
		const created = await laptop.holdfast("create", "--tag", "web");
		assert.equal(created.code, 0, created.stderr);
		assert.match(created.stderr, /^web01: ✔ write/m);
		assert.match(created.stderr, /^web02: ✔ write/m);
		assert.match(created.stdout, /MACHINE +OUTCOME +TOOK/);
		assert.match(created.stdout, /web02 +done/);
		const listed = await laptop.holdfast("list", "--tag", "web");
		assert.match(listed.stdout, /^web01 .*\n.*web01 .*\n.*web02 /m);
	});

	test("one that is down is a failure of its own (3), explained; --json has each event's machine", async () => {
		const created = await laptop.holdfast("create", "--all", "--json");
		assert.equal(created.code, 3);
		assert.match(created.stderr, /down: ✘ down \(root@10\.77\.0\.250\) cannot be reached/);
		const events = created.stdout
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line));
		assert.deepEqual(new Set(events.map((event) => event.machine)), new Set(["web01", "web02", "down"]));
		assert.deepEqual(
			events.filter(({ machine }) => machine === "down").map(({ type, error }) => [type, error.code]),
			[[undefined, "host-unreachable"]],
		);
		assert.equal(events.filter((event) => event.type === "run-ended" && event.outcome === "done").length, 2);
	});

	test("the connection drops: the run goes on, is never begun twice, and attach shows it", async () => {
		await declare(', hooks: { preBackup: "touch /tmp/under-way; sleep 34" }');
		const before = (await archives("web01")).length;
		const creating = laptop.holdfast("create", "web01");
		await web01.sh("until [ -e /tmp/under-way ]; do sleep 0.1; done");
		await laptop.cutNetwork();
		// Three unanswered probes, five seconds apart, and the one that was in progress.
		await pause(24_000);
		await laptop.restoreNetwork();
		const watched = await laptop.holdfast("attach", "web01");
		assert.equal(watched.code, 0, watched.stderr);
		assert.match(watched.stderr, /✔ run preBackup of notes/);
		const { code, stderr } = await creating;
		assert.equal(code, 0, stderr);
		assert.match(stderr, /the connection to web01 was lost; the run continues there/);
		assert.equal([...stderr.matchAll(/✔ (run preBackup of notes|write web01-)/g)].length, 2, stderr);
		assert.equal((await archives("web01")).length, before + 1);
		await declare();
	});

	test("Ctrl-C ends the run there too, and what it began is undone", async () => {
		await declare(', hooks: { preBackup: "touch /tmp/began; sleep 60", postBackup: "touch /tmp/ended" }');
		const before = (await archives("web01")).length;
		// Twice, as when the terminal sends it and then sudo, npx or timeout forwards it.
		const press = "kill -INT $holdfast; sleep 0.02; kill -INT $holdfast";
		const creating = laptop.run([
			"sh",
			"-c",
			`/opt/holdfast/bin/holdfast create web01 & holdfast=$!; until [ -e /tmp/press ]; do sleep 0.1; done; ${press}; wait $holdfast`,
		]);
		await web01.sh("until [ -e /tmp/began ]; do sleep 0.1; done");
		await laptop.sh("touch /tmp/press");
		const { code, stderr } = await creating;
		assert.match(stderr, /interrupted/);
		assert.equal(code, 130, stderr);
		await web01.sh("test -e /tmp/ended");
		assert.equal((await archives("web01")).length, before);
		await declare();
	});

	test("a run there that is refused is refused here, with the same words and code", async () => {
		const { code, stderr } = await laptop.holdfast("restore", "--yes", "web01", "tar", "nothing-like-it");
		assert.notEqual(code, 0);
		assert.match(stderr, /nothing-like-it/);
		const wrong = await laptop.holdfast("create", "web01", "--service", "nots");
		assert.equal(wrong.code, 2, wrong.stderr);
		assert.match(wrong.stderr, /nots/);
	});

	test("a run that fails there fails here, with the reason in the same words", async () => {
		await declare(', hooks: { preBackup: "echo the disk is on fire; exit 3" }');
		const { code, stderr } = await laptop.holdfast("create", "web01");
		assert.equal(code, 1, stderr);
		assert.match(stderr, /exit code 3/);
		assert.match(stderr, /the disk is on fire/);
		await declare();
	});

	test("one run at a time: the second is told who works there", async () => {
		await declare(', hooks: { preBackup: "touch /tmp/works; until [ -e /tmp/go-on ]; do sleep 0.1; done" }');
		const first = laptop.holdfast("create", "web02");
		await web02.sh("until [ -e /tmp/works ]; do sleep 0.1; done");
		const second = await laptop.holdfast("create", "web02");
		assert.equal(second.code, 4, second.stderr);
		assert.match(second.stderr, /another run is active on this machine/);
		await web02.sh("touch /tmp/go-on");
		assert.equal((await first).code, 0);
		await declare();
	});

	test("another host key is refused, and explained; so is a key that is not let in", async () => {
		await web02.sh("rm -f /etc/ssh/ssh_host_*; ssh-keygen -A; systemctl restart ssh");
		const changed = await laptop.holdfast("list", "web02");
		assert.equal(changed.code, 1);
		assert.match(changed.stderr, /the host key of web02 .* has changed/);
		assert.match(changed.stderr, /ssh-keygen -R/);
		await laptop.sh("ssh-keygen -R web02 2>/dev/null");
		const unknown = await laptop.holdfast("list", "web02");
		assert.match(unknown.stderr, /the host key of web02 .* is not known/);
		await laptop.sh("ssh-keyscan web02 >>/root/.ssh/known_hosts 2>/dev/null");
		const config = (host: string) =>
			laptop.write(
				"/tmp/one.yaml",
				`machines: { web02: { host: ${host}, state: { notes: { folders: [/srv/notes] } }, providers: { tar: { destinations: { disk: { path: /b } } } } } }\n`,
			);
		await config("nobody@web02");
		const refused = await laptop.holdfast("list", "--config", "/tmp/one.yaml");
		assert.match(refused.stderr, /web02 \(nobody@web02\) refused the login/);
		await web02.sh("rm /usr/local/bin/holdfast");
		await config("root@web02");
		const none = await laptop.holdfast("list", "--config", "/tmp/one.yaml");
		assert.match(none.stderr, /Holdfast is not installed on web02 .*\n(.*\n)*.*holdfast deploy web02/);
	});

	test("another version there is told of, as are clocks that differ; one that speaks otherwise is refused", async () => {
		const speaks = (greeting: object, answer = "") =>
			web02.write(
				"/usr/local/bin/holdfast",
				`#!/bin/sh\necho '${JSON.stringify({ type: "greeting", ...greeting })}'\n${answer}\n`,
				"0755",
			);
		const time = new Date(Date.now() - 3 * 3600_000).toISOString();
		await speaks(
			{ protocol: PROTOCOL, version: "0.0.1", time },
			`echo '{"archives":[],"failures":[],"others":[],"upkeep":[]}'`,
		);
		const other = await laptop.holdfast("list", "web02");
		assert.equal(other.code, 0, other.stderr);
		assert.match(other.stderr, /web02 has Holdfast 0\.0\.1, this is .*; these versions are compatible/);
		assert.match(other.stderr, /the clock of web02 is 3 hours behind this one/);
		await speaks({ protocol: PROTOCOL - 1, version: "0.0.1", time });
		const old = await laptop.holdfast("list", "web02");
		assert.equal(old.code, 1);
		assert.match(old.stderr, /these versions are not compatible\n.*holdfast deploy web02/s);
		await web02.write(
			"/usr/local/bin/holdfast",
			"#!/bin/sh\necho 'No command registered for `__serve`' >&2; exit 2\n",
			"0755",
		);
		assert.match((await laptop.holdfast("list", "web02")).stderr, /too old for this one/);
	});

	test("aliases and options of an ssh config are honoured", async () => {
		await laptop.write("/tmp/ssh.conf", "Host shop\n  HostName web01\n  User root\n");
		await laptop.write(
			"/tmp/alias.yaml",
			"sshConfig: ssh.conf\nmachines: { web01: { host: shop, state: { notes: { folders: [/srv/notes] } }, providers: { tar: { destinations: { disk: { path: /var/backups/holdfast } } } } } }\n",
		);
		assert.ok((await archives("--config", "/tmp/alias.yaml")).length > 0);
		const { stderr } = await laptop.run(
			["/opt/holdfast/bin/holdfast", "list", "--config", "/tmp/alias.yaml"],
			{
				env: { HOLDFAST_SSH_CONFIG: "/dev/null" },
			},
		);
		assert.match(stderr, /has no address/);
	});
});
