// An end-to-end test on real machines: an application with a database and a folder is backed up, destroyed and
// restored with one command, with each provider; another service next to it is not affected.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { ListedArchive } from "../../src/plan/archives.ts";
import { blockOf, follow } from "../docs/page.ts";
import { type Machine, machine, noMachines } from "../machine/machine.ts";
import { addNote, answerOf, declaration, notesMachine, otherService } from "./notes.ts";

const BACKUP_SERVER = "docs/how-to/backup-server.md";
const BARE_MACHINE = "docs/how-to/bare-machine.md";
const PROVIDERS = {
	borgbackup: `
${blockOf(BACKUP_SERVER, "borgbackup:").replace(/^ {4}providers:\n/, "")}`,
	restic: `
      restic:
        destinations:
          nas:
            repo: sftp:restic@nas:web01
            passphraseFile: /etc/holdfast/secrets/borg
            options: ["sftp.command=ssh -i /etc/holdfast/secrets/id_ed25519 -o BatchMode=yes -o StrictHostKeyChecking=accept-new restic@nas -s sftp"]`,
	localbackup: `
      localbackup:
        destinations: { usb: { directory: /mnt/usb/snapshots } }`,
	tar: `
      tar:
        destinations: { usb: { path: /mnt/usb/holdfast } }`,
	// The blog post's example, with an archive for each run instead of one for all.
	tarballs: `
${blockOf("docs/how-to/any-engine.md", "tarballs:").replace(/^ {4}providers:\n/, "")}`,
};

describe("one service is restored by one command", { skip: noMachines }, () => {
	let web01: Machine;
	let bare: Machine | undefined;

	before(async () => {
		web01 = await notesMachine();
		await backupServer(web01);
	});

	for (const [provider, options] of Object.entries(PROVIDERS)) {
		test(`with ${provider}${/borg|tarballs/.test(provider) ? "" : " [long]"}`, async () => {
			await web01.write("/etc/holdfast/holdfast.yaml", declaration(options.slice(1)));
			await succeeds(web01, "create", "web01");
			const then = await answerOf(web01);
			const [first] = await archives(web01, provider);
			assert.ok(first);

			// An engine that only lists names knows the second one, and nothing else.
			await pause(1000 - (Date.now() % 1000));
			await addNote(web01, `added after the first archive of ${provider}`);
			await web01.sh(`
				printf changed >'/srv/notes/attachments/a picture.jpg'
				printf new >/srv/notes/attachments/${provider}.jpg
			`);
			await succeeds(web01, "create", "web01");
			const all = await archives(web01, provider);
			assert.equal(all.length, 2);
			const other = await otherService(web01);

			await web01.sh(`
				systemctl stop notes.service
				runuser -u postgres -- dropdb notes
				rm -rf /srv/notes
				systemctl start notes.service
			`);
			await succeeds(web01, "restore", "--yes", "--service", "notes", "web01", provider, first.id);

			assert.equal(await answerOf(web01), then);
			assert.equal(await otherService(web01), other);
			assert.equal(
				await web01.sh("ls -A /srv /var/backup/postgres"),
				"/srv:\nnotes\nother\n\n/var/backup/postgres:\nnotes",
			);
			assert.equal(await web01.sh("stat -c '%U:%G' '/srv/notes/attachments/a picture.jpg'"), "notes:notes");

			// Forward again, to the second archive, from the running application.
			await succeeds(web01, "restore", "--yes", "--service", "notes", "web01", provider, "latest");
			assert.match(await answerOf(web01), new RegExp(`added after the first archive of ${provider}`));
		});
	}

	test("archives of engines that describe themselves say which states they hold", async () => {
		await web01.write("/etc/holdfast/holdfast.yaml", declaration(PROVIDERS.borgbackup.slice(1)));
		const [first] = await archives(web01, "borgbackup");
		assert.deepEqual(
			Object.entries(first?.metadata?.states ?? {}).map(([name, { outcome }]) => [name, outcome]),
			[
				["notes", "good"],
				["other", "good"],
			],
		);
		const table = await succeeds(web01, "list");
		assert.match(table, /notes, other +nas::ssh:\/\/borg@nas\/\.\/web01::web01-/);
	});

	test("the key that reaches the backup server opens nothing but the repository", async () => {
		const { stdout, stderr } = await web01.run([
			"ssh",
			"-i",
			"/etc/holdfast/secrets/id_ed25519",
			"-o",
			"BatchMode=yes",
			"borg@nas",
			"cat /etc/passwd",
		]);
		assert.doesNotMatch(stdout + stderr, /root:/);
	});

	test(`${BARE_MACHINE}: a machine that has never seen the config adopts the repository and restores the service`, async () => {
		const then = await answerOf(web01);
		await web01.write("/etc/holdfast/holdfast.yaml", declaration(PROVIDERS.borgbackup.slice(1)));
		await succeeds(web01, "create", "web01");
		await web01.sh("ln -s /usr/bin/tee /usr/local/bin/lp");
		bare ??= await bareMachine();
		const secret = (name: string) => web01.sh(`cat /etc/holdfast/secrets/${name}`);
		await bare.write("/root/id_ed25519", `${await secret("id_ed25519")}\n`, "0600");
		assert.notEqual(await answerOf(bare), then);
		await follow(BARE_MACHINE, async ({ line }) => {
			if (line.includes("| lp")) assert.match(await web01.sh(line), /ssh:\/\/borg@nas\/\.\/web01/);
			// Nobody is here to say yes. What it prints: bare-machine.test.ts.
			else await bare?.sh(line.replace(/^holdfast .*/, "$& --yes"), { input: await secret("borg") });
			return undefined;
		});
		assert.equal(await answerOf(bare), then);
		await addNote(bare, "only here");
	});

	test("a bare machine that has never seen the config adopts the restic repository and restores the service [long]", async () => {
		const then = await answerOf(web01);
		await web01.write("/etc/holdfast/holdfast.yaml", declaration(PROVIDERS.restic.slice(1)));
		await succeeds(web01, "create", "web01");
		bare ??= await bareMachine();
		await bare.write("/root/key", `${await web01.sh("cat /etc/holdfast/secrets/id_ed25519")}\n`, "0600");
		await bare.write("/root/passphrase", await web01.sh("cat /etc/holdfast/secrets/borg"), "0600");
		await bare.sh("rm -rf /etc/holdfast /var/lib/holdfast");
		assert.notEqual(await answerOf(bare), then);
		await bare.sh(
			"holdfast adopt sftp:restic@nas:web01 --option 'sftp.command=ssh -i /root/key -o BatchMode=yes -o StrictHostKeyChecking=accept-new restic@nas -s sftp' --type restic --passphrase-file /root/passphrase --yes",
		);
		await succeeds(bare, "restore", "--yes", "--service", "notes", "web01", "restic", "latest");
		assert.equal(await answerOf(bare), then);
		await addNote(bare, "only here");
	});

	test("a destination that cannot be reached is a partial outcome, and the others are written and listed", async () => {
		await web01.write(
			"/etc/holdfast/holdfast.yaml",
			declaration(
				`${PROVIDERS.borgbackup.slice(1).replace("BatchMode=yes", "BatchMode=yes -o ConnectTimeout=2")}${PROVIDERS.tar}\n`,
			),
		);
		const nasArchives = (await archives(web01, "borgbackup")).length;
		await web01.cutNetwork();
		const created = await web01.holdfast("create");
		assert.equal(created.code, 3, created.stderr);
		assert.match(created.stderr, /the connection to ssh:\/\/borg@nas\/\.\/web01 failed/);
		assert.match(created.stderr, /✔ write web01-\S+ to usb/);
		const listed = await web01.holdfast("list");
		assert.equal(listed.code, 3);
		assert.match(listed.stdout, /usb::\/mnt\/usb\/holdfast::web01-/);
		assert.match(listed.stderr, /borgbackup\/nas could not be listed/);
		await web01.restoreNetwork();
		assert.equal((await archives(web01, "borgbackup")).length, nasArchives);
	});
});

async function succeeds(web01: Machine, ...words: string[]): Promise<string> {
	const { code, stdout, stderr } = await web01.holdfast(...words);
	assert.equal(code, 0, `holdfast ${words.join(" ")}\n${stdout}${stderr}`);
	return stdout;
}

async function archives(web01: Machine, provider: string): Promise<ListedArchive[]> {
	return JSON.parse(await succeeds(web01, "list", "--json", "--provider", provider)).archives;
}

/** A new machine with the applications' packages and users, but without their data. */
async function bareMachine(): Promise<Machine> {
	const bare = await notesMachine("bare");
	await bare.sh("rm -rf /etc/holdfast; find /srv/notes -mindepth 2 -delete");
	return bare;
}

/** The other machine: borg behind SSH, with a key that can do nothing else, as the page says. */
async function backupServer(web01: Machine): Promise<void> {
	const nas = await machine("nas", { units: ["ssh.service"] });
	await follow(BACKUP_SERVER, ({ line }) => (/useradd|\/home\/borg/.test(line) ? nas : web01).sh(line));
	const key = await web01.sh("cat /etc/holdfast/secrets/id_ed25519.pub");
	await nas.write(
		"/home/borg/.ssh/authorized_keys",
		blockOf(BACKUP_SERVER, "command=").replace("ssh-ed25519 AAAA… root@web01", key),
	);
	await nas.sh(
		"useradd --system --create-home --shell /bin/sh restic; install -d -m 0700 -o restic /home/restic/.ssh",
	);
	await nas.write("/home/restic/.ssh/authorized_keys", `command="internal-sftp",restrict ${key}\n`);
}
