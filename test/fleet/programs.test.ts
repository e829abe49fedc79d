// Which programs a machine lacks that its manifest needs, looked up by a real shell in a prepared PATH.
import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadMachines } from "../../src/config/load.ts";
import { missingOn } from "../../src/fleet/programs.ts";
import { type Target, targetHere } from "../../src/fleet/target.ts";
import { programPath } from "../../src/host/programs.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("programs");
const file = join(folder, "holdfast.json");
const secret = { passphraseFile: "/etc/passphrase" };
writeFileSync(
	file,
	JSON.stringify({
		machines: {
			web01: {
				state: {
					app: {
						folders: ["/srv/app"],
						dumps: [
							{ postgresql: "app" },
							{ mariadb: "app" },
							{ sqlite: "/srv/app/app.db" },
							{ redis: "/srv/app/dump.rdb" },
						],
					},
				},
				providers: {
					borgbackup: { destinations: { nas: { repo: "ssh://borg@nas/./web01", ...secret } } },
					cloud: { type: "restic", destinations: { cloud: { repo: "rclone:cloud:web01", ...secret } } },
					localbackup: { destinations: { usb: { directory: "/mnt/usb" } } },
					tar: { destinations: { disk: { path: "/mnt/disk" } } },
				},
			},
		},
	}),
);

/** This machine's shell, with only these programs in its PATH. */
function targetWith(name: string, programs: readonly string[]): Target {
	const bin = join(folder, name);
	mkdirSync(bin);
	for (const program of ["sh", "cat"]) symlinkSync(programPath(program) ?? "", join(bin, program));
	for (const program of programs) writeFileSync(join(bin, program), "", { mode: 0o755 });
	const here = targetHere("web01");
	return {
		...here,
		start: (argv, options) => here.start([programPath("env") ?? "", `PATH=${bin}`, ...argv], options),
	};
}

test("what is missing is named, once each; one of several names will do", async () => {
	const manifest = (await loadMachines(file)).get("web01");
	assert.ok(manifest);
	const missing = async (name: string, ...programs: string[]) =>
		(await missingOn(targetWith(name, programs), manifest)).map((line) => /has no (.*?):/.exec(line)?.[1]);
	assert.deepEqual(await missing("none"), [
		"borg",
		"ssh",
		"restic",
		"rclone",
		"rsnapshot",
		"rsync",
		"tar",
		"pg_dump",
		"mariadb-dump or mysqldump",
		"sqlite3",
		"redis-cli or valkey-cli",
	]);
	assert.deepEqual(
		await missing("some", "borg", "ssh", "restic", "rsync", "tar", "mysqldump", "valkey-cli", "sqlite3"),
		["rclone", "rsnapshot", "pg_dump"],
	);
});
