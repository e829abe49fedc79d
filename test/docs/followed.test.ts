// Pages that are followed to the letter on one machine: from nothing to an atomic nightly backup, and what comes after that.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { type Machine, machine, noMachines } from "../machine/machine.ts";
import { blocksOf, follow, lineOf } from "./page.ts";

const ATOMIC = "docs/how-to/atomic.md";
const CONFIG = "/etc/holdfast/holdfast.yaml";
const PASSPHRASE = "/etc/holdfast/passphrase";
const TAR = "$1tar: { destinations: { disk: { path: /srv/archives } } }\n";
/** The numbers: outputs.test.ts. */
const TABLE =
	/^ +MACHINE .*\n✔ +web01 +notes +borgbackup\/nas .*\nweb01: create done, .*; next create .*, check .*$/m;
/** No server is here. */
const configs = blocksOf(ATOMIC, "yaml").map(({ text }) =>
	text.replace("ssh://borg@nas.lan/./web01", "/mnt/borg"),
);

describe("our pages, followed", { skip: noMachines }, () => {
	let web01: Machine;
	before(async () => {
		web01 = await machine("web01", {
			disks: { "/srv": "btrfs", "/mnt/attachments": "btrfs" },
			unifiedCgroups: true,
		});
		await web01.write("/etc/systemd/system/notes.service", "[Service]\nExecStart=/bin/sleep inf\n");
		await web01.write("/srv/notes/note", "a note\n");
		await web01.write("/srv/notes/2024/letter.txt", "a letter\n");
		await web01.write("/mnt/attachments/picture", "a picture\n");
		await web01.sh("systemctl start notes; rm -f /usr/local/bin/holdfast");
		await web01.sh(lineOf("docs/how-to/install.md", /^ln /));
	});

	/** Nobody is here to say yes. */
	const typed = (line: string) =>
		web01.sh(
			`${line.replace(/^holdfast (?!.*--dry-run)(restore|deploy|prune|recover)\b.*/, "$& --yes")} 2>&1`,
		);

	test(`${ATOMIC}: each command does what the page says, and the archive is atomic`, async () => {
		assert.equal(configs.length, 2, "the page has another form");
		const said: string[] = [];
		await follow(ATOMIC, async ({ line }) => {
			if (line === "holdfast validate") await web01.write(CONFIG, configs[0] ?? "", "0600");
			const printed = await typed(line);
			said.push(printed);
			return printed;
		});
		assert.match(said.join("\n"), /atomic: its folders were read from snapshots of one instant/);
		assert.match(await web01.sh("holdfast status || true"), /web01 +notes +borgbackup\/nas .* atomic /);
		assert.match(await web01.sh("systemctl list-timers --no-pager --no-legend"), /holdfast-create/);
	});

	test("docs/how-to/restore.md", async () => {
		await web01.sh("echo changed >/srv/notes/note");
		await follow("docs/how-to/restore.md", async ({ line }) => {
			const printed = await typed(line);
			if (line.includes("diff")) assert.match(printed, /notes\/note/);
			return printed;
		});
		assert.equal(await web01.sh("cat /srv/notes/note"), "a note");
	});

	test("docs/how-to/timers.md", async () => {
		await web01.sh("mkdir -p /etc/credstore.encrypted");
		await follow("docs/how-to/timers.md", async ({ line }) => {
			if (line.startsWith("holdfast ")) assert.match(await typed(line), TABLE);
			else {
				await web01.sh(`script -qec '${line}' /dev/null`, { input: "secret\n" });
				assert.equal(await web01.sh("systemd-creds decrypt /etc/credstore.encrypted/borg -"), "secret");
			}
			return undefined;
		});
	});

	test("README.md", async () => {
		const [{ text } = { text: "" }] = blocksOf("README.md", "yaml");
		// No Synapse is here.
		await web01.write(
			CONFIG,
			text.replace(/^.*matrix-synapse.*\n/m, "").replace(" services:", " services: {}"),
		);
		await web01.sh("mkdir -p /mnt/usb && mount -t tmpfs usb /mnt/usb && mkdir /mnt/usb/holdfast");
		await follow("README.md", async ({ line }) => {
			const printed = await typed(line);
			if (line === "holdfast create") await web01.sh("echo changed >/srv/notes/note");
			return line.endsWith("create") ? undefined : printed;
		});
		assert.equal(await web01.sh("cat /srv/notes/note"), "a note");
	});

	test("docs/how-to/upkeep.md [long]", async () => {
		const [{ text: retention } = { text: "" }] = blocksOf("docs/how-to/upkeep.md", "yaml");
		await web01.write(CONFIG, (configs[0] ?? "").replace(/^ +borgbackup:\n/m, retention), "0600");
		await web01.sh(`test -e ${PASSPHRASE} || (umask 077; echo correct >${PASSPHRASE})`);
		await web01.sh("holdfast create 2>&1");
		await follow("docs/how-to/upkeep.md", async ({ line }) => {
			if (line.includes(" mount ")) return await lookInto(line);
			const [{ name }] = JSON.parse(await web01.sh("holdfast list --json")).archives;
			await typed(line.replace(/web01-\d{4}\S+/, name));
			// What a prune prints: outputs.test.ts.
			return undefined;
		});
		assert.equal(await web01.sh("cat /tmp/letter.txt"), "a letter");
	});

	/** An engine without FUSE, which a test machine has not. */
	async function lookInto(line: string): Promise<undefined> {
		const provider = "localbackup: { destinations: { disk: { directory: /srv/snapshots } } }";
		await web01.write(
			CONFIG,
			(configs[0] ?? "").replace(/^( +)borgbackup:[\s\S]*/m, `$1${provider}\n`),
			"0600",
		);
		await web01.sh("mkdir -p /mnt/look; holdfast create 2>&1");
		assert.equal(
			await web01.sh(`
				set -m
				timeout 60 ${line} >/tmp/mounted 2>&1 & mounted=$!
				until grep -q Ctrl-C /tmp/mounted || ! kill -0 $mounted; do sleep 0.1; done
				cat /mnt/look/web01-*/srv/notes/2024/letter.txt || cat /tmp/mounted
				kill -INT $mounted; wait $mounted || [ $? = 130 ]
			`),
			"a letter",
		);
		return undefined;
	}

	test("docs/how-to/troubleshooting.md [long]", async () => {
		await web01.write(CONFIG, (configs[0] ?? "").replace(/^( +)borgbackup:[\s\S]*/m, TAR), "0600");
		await web01.sh("holdfast create 2>&1");
		const fault = { HOLDFAST_FAULT: "kill@place:notes:0#after" };
		await web01.run(["holdfast", "restore", "--yes", "latest"], { env: fault });
		const [{ id }] = JSON.parse(await web01.sh("holdfast runs --json"));
		await follow("docs/how-to/troubleshooting.md", async ({ line }) => {
			const printed = await typed(line.replace(/\d{4}-\S+/, id));
			assert.match(printed, /other runs can start again/);
			return printed;
		});
	});

	test("docs/tutorial.md: what root types [long]", async () => {
		// No data of this host's are in the machine's archives.
		await web01.sh(`rm -rf ${CONFIG} /home/* /var/www/*`);
		await follow("docs/tutorial.md", async ({ line, isRoots, output }) => {
			if (!isRoots) return undefined;
			const said = `${await typed(line)}\n`;
			if (!line.endsWith(" init")) return said;
			const own = said.replace(/^not protected: \/.*\n/gm, "");
			const found = /^(it protects: ).*srv-notes\b.*$/m;
			assert.equal(own.replace(found, "$1…"), output.replace(found, "$1…"));
			return undefined;
		});
	});

	test("data on two file systems, with a unit that is frozen", async () => {
		await web01.write(CONFIG, configs[1] ?? "", "0600");
		const said = await web01.sh("holdfast create 2>&1");
		assert.match(said, /notes\.service stood still for /);
		assert.match(await web01.sh("holdfast archives show borgbackup latest"), /atomic: /);
	});
});
