// A machine that does not let anybody log in as root: everything goes through sudo, with a separate user.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { elsewhere } from "../elsewhere/elsewhere.ts";
import { type Machine, machine, noMachines } from "../machine/machine.ts";
import { letIn } from "./keys.ts";

const sudo = elsewhere("bookworm", "sudo");
const ALLOWED = "admin ALL=(root) NOPASSWD: ALL";
/** As on Red Hat's systems: without the folder into which a deploy installs the program. */
const SECURE_PATH = 'Defaults secure_path="/usr/sbin:/usr/bin:/sbin:/bin"';

describe("deploy.sudo", { skip: noMachines ?? sudo.missing }, () => {
	let laptop: Machine;
	let web01: Machine;

	before(async () => {
		laptop = await machine("laptop");
		web01 = await machine("web01", { units: ["ssh.service"] });
		await letIn(laptop, [web01]);
		await web01.sh(`
			cp -a --no-target-directory ${sudo.below("/opt/holdfast")}/usr/bin/sudo /usr/bin/sudo
			cp -a ${sudo.below("/opt/holdfast")}/usr/libexec/sudo /usr/libexec/
			cp -a ${sudo.below("/opt/holdfast")}/etc/sudo* /etc/
			cp -a ${sudo.below("/opt/holdfast")}/etc/pam.d/sudo* /etc/pam.d/
			umount /opt/holdfast; rm -f /usr/bin/node /usr/local/bin/node
			useradd -m -s /bin/bash admin; mkdir -p ~admin/.ssh; mv /root/.ssh/authorized_keys ~admin/.ssh/; chown -R admin: ~admin/.ssh
			mkdir -p /srv/notes; echo old >/srv/notes/file; chmod 700 /srv/notes
		`);
		await laptop.write(
			"/etc/holdfast/holdfast.yaml",
			`machines: { web01: { host: admin@web01, deploy: { sudo: true }, state: { notes: { folders: [/srv/notes] } }, providers: { tar: { destinations: { disk: { path: /var/backups/holdfast } } } } } }\n`,
		);
	});
	const rule = (text: string) => web01.write("/etc/sudoers.d/admin", `${text}\n`, "0440");

	test("one that asks for a password is explained", async () => {
		await rule("admin ALL=(root) ALL");
		const { code, stderr } = await laptop.holdfast("deploy", "web01", "--yes");
		assert.equal(code, 1);
		assert.match(stderr, /sudo on web01 \(admin@web01\) asks for a password\n(.*\n)*.*\/etc\/sudoers\.d\//);
	});

	test("deploy, create, restore, status and runs are root's there", async () => {
		await rule(`${SECURE_PATH}\n${ALLOWED}`);
		const succeeds = async (...words: string[]) => {
			const { code, stdout, stderr } = await laptop.holdfast(...words);
			assert.equal(code, 0, `holdfast ${words.join(" ")}\n${stdout}${stderr}`);
			return stdout + stderr;
		};
		await succeeds("deploy", "web01", "--yes");
		assert.match(await succeeds("deploy", "web01"), /up to date/);
		assert.equal(await web01.sh("stat -c %U:%a /etc/holdfast/manifest.json"), "root:600");
		await succeeds("create", "web01");
		await web01.sh("echo newer >/srv/notes/file");
		await succeeds("restore", "--yes", "--service", "notes", "web01", "tar", "latest");
		assert.equal(await web01.sh("cat /srv/notes/file"), "old");
		assert.match(await succeeds("status", "web01"), /notes/);
		assert.match(await succeeds("runs", "--on", "web01"), /restore/);
		assert.equal(await web01.sh("find /home/admin -name '*holdfast*'"), "");
		await succeeds("undeploy", "web01", "--yes");
	});

	test("sudo that is not there is explained", async () => {
		await web01.sh("rm /usr/bin/sudo");
		assert.match((await laptop.holdfast("list", "web01")).stderr, /sudo is not installed on web01/);
	});
});
