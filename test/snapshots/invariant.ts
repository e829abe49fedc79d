// The proof: while a service writes at full speed to two file systems and a database, every archive on every engine shows one
// instant; without snapshots the same test shows that it does not.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { type Machine, machine, noMachines } from "../machine/machine.ts";
import { breach, FOLDERS, startWriter } from "./writer.ts";

/** New ones in each round, since a hundred rounds need not be kept. */
const providersIn = (folder: string) => ({
	tar: { destinations: { tar: { path: `${folder}/tar` } } },
	borgbackup: { destinations: { borg: { repo: `${folder}/borg`, encryption: "none" } } },
	restic: {
		destinations: { restic: { repo: `${folder}/restic`, passphraseFile: "/etc/holdfast/passphrase" } },
	},
	localbackup: { destinations: { local: { directory: `${folder}/local` } } },
});
const DESTINATIONS = ["tar", "borg", "restic", "local"];

/** How many backups of frozen units; of stopped ones, a fifth of that. */
export function holdsInvariant(times: number): void {
	describe(`one instant across file systems, ${times} times`, { skip: noMachines }, () => {
		let web01: Machine;
		let count = 0;
		const succeeds = async (...words: string[]) => {
			const { code, stdout, stderr } = await web01.holdfast(...words);
			assert.equal(code, 0, stdout + stderr);
			return stdout;
		};
		/** What is wrong in the newest archive of each destination. */
		const create = async (how: object) => {
			const folder = `/mnt/${++count}`;
			await web01.sh(`mkdir ${folder}`);
			const providers = providersIn(folder);
			const state = { app: { folders: FOLDERS, ...how } };
			await web01.write(
				"/etc/holdfast/holdfast.json",
				JSON.stringify({ machines: { web01: { state, providers } } }),
			);
			await succeeds("create");
			const found: string[] = [];
			for (const destination of DESTINATIONS) {
				await succeeds("restore", "--yes", "--into", "/mnt/into", destination, "latest");
				const why = await breach(web01, "/mnt/into");
				if (why !== undefined) found.push(`${destination}: ${why}`);
				await web01.sh("rm -r /mnt/into");
			}
			await web01.sh(`rm -r ${folder}`);
			return found;
		};
		before(async () => {
			const disks = { "/one": "btrfs", "/two": "btrfs" } as const;
			web01 = await machine("web01", { disks, unifiedCgroups: true });
			await web01.write("/etc/holdfast/passphrase", "secret\n", "0600");
			await startWriter(web01);
		});

		for (const [name, how, rounds] of [
			["frozen", { freezeOnBackup: ["app"] }, times],
			["stopped", { stopOnBackup: ["app"] }, Math.ceil(times / 5)],
		] as const)
			test(`${name} while the snapshots are taken: whole in every archive${name === "stopped" ? " [long]" : ""}`, async () => {
				for (let round = 0; round < rounds; round++)
					assert.deepEqual(await create({ ...how, snapshot: "require", consistency: "atomic" }), []);
			});

		test("without snapshots: broken, so that this test can fail", async () => {
			assert.notDeepEqual(await create({ snapshot: "never" }), []);
		});
	});
}
