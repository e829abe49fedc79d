// docs/how-to/atomic.md, followed to the letter on a fresh machine: from nothing to an atomic nightly backup.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { type Machine, machine, noMachines } from "../machine/machine.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/how-to/atomic.md"), "utf8");
const blocks = (language: string) =>
	[...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
		.filter(([, one]) => one === language)
		.map(([, , text = ""]) => text);
const HOLDFAST = "/opt/holdfast/bin/holdfast";
/** No server is here, and what the page installs is. */
const configs = blocks("yaml").map((text) => text.replace("ssh://borg@nas.lan/./web01", "/mnt/borg"));
const typed = blocks("console")
	.flatMap((text) => [...text.matchAll(/^# (.*)$/gm)].map(([, line = ""]) => line))
	.filter((line) => !line.startsWith("apt-get "));

describe("docs/how-to/atomic.md", { skip: noMachines }, () => {
	let web01: Machine;
	before(async () => {
		web01 = await machine("web01", {
			disks: { "/srv": "btrfs", "/mnt/attachments": "btrfs" },
			unifiedCgroups: true,
		});
		await web01.write("/etc/systemd/system/notes.service", "[Service]\nExecStart=/bin/sleep inf\n");
		await web01.write("/srv/notes/note", "a note\n");
		await web01.write("/mnt/attachments/picture", "a picture\n");
		await web01.sh("systemctl start notes");
	});

	test("each command does what the page says, and the archive is atomic", async () => {
		assert.ok(typed.length >= 8 && configs.length === 2, "the page has another form");
		const [config = ""] = configs;
		const said: string[] = [];
		for (const line of typed) {
			if (line === "holdfast validate") await web01.write("/etc/holdfast/holdfast.yaml", config, "0600");
			// Nobody is here to say yes.
			const words = line.replace(/^holdfast deploy$/, "holdfast deploy --yes");
			said.push(await web01.sh(`${words.replace(/^holdfast /, `${HOLDFAST} `)} 2>&1`));
		}
		const all = said.join("\n");
		assert.match(said[0] ?? "", /^btrfs +\/srv$/m);
		// As on the page, but for the run's name.
		assert.match(
			all,
			/ 1\. check the folders of notes\n +2\. take the snapshot of \/srv\n +3\. write web01-\S+ to nas \(borgbackup\)\n +4\. delete the snapshot of \/srv\n/,
		);
		assert.match(all, /atomic: its folders were read from snapshots of one instant/);
		assert.match(await web01.sh(`${HOLDFAST} status || true`), /web01 +notes +borgbackup\/nas .* atomic /);
		assert.match(await web01.sh("systemctl list-timers --no-pager --no-legend"), /holdfast-create/);
	});

	test("data on two file systems, with a unit that is frozen", async () => {
		await web01.write("/etc/holdfast/holdfast.yaml", configs[1] ?? "", "0600");
		const said = await web01.sh(`${HOLDFAST} create 2>&1`);
		assert.match(said, /notes\.service stood still for /);
		assert.match(await web01.sh(`${HOLDFAST} archives show borgbackup latest`), /atomic: /);
	});
});
