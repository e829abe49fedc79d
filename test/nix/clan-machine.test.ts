// A real machine under Clan: the blog post's snippets, archives made by Clan's own services, and `clan backups`.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { type Machine, machine, noMachines } from "../machine/machine.ts";
import { BLOG, evaluate, noNix } from "./evaluate.ts";

describe("what the blog post declares works", { skip: noNix ?? noMachines }, () => {
	let web01: Machine;
	before(async () => {
		web01 = await machine("web01", { units: ["postgresql.service"] });
		await declare(BLOG);
		await web01.sh(`
			mkdir -p /var/lib/zerotier-one; echo identity >/var/lib/zerotier-one/identity.secret
			until runuser -u postgres -- pg_isready -q; do sleep 0.2; done
			cd /; runuser -u postgres -- createdb app; runuser -u postgres -- psql -q app -c "create table t (x text); insert into t values ('one')"
		`);
	});

	const declare = (modules: readonly string[]) => write(evaluate(modules).declared);
	const write = (declared: object) =>
		web01.write("/etc/holdfast/holdfast.json", JSON.stringify({ machines: { web01: declared } }));

	test("created and listed by the snippets' own commands; restored too, once the toy's names are mended", async () => {
		const succeeds = async (...words: string[]) => {
			const { code, stdout, stderr } = await web01.holdfast(...words);
			assert.equal(code, 0, stdout + stderr);
			return stdout;
		};
		await succeeds("create");
		assert.match(await succeeds("list"), /tar::command::\/var\/lib\/system-back.tar/);
		await web01.sh(
			"rm /var/lib/zerotier-one/identity.secret; cd /; runuser -u postgres -- psql -q app -c \"update t set x = 'two'\"",
		);
		// As printed in the post, tar does not find this name: the previous data are back.
		await web01.sh("echo changed >/var/lib/zerotier-one/new");
		const toy = await web01.holdfast("restore", "--yes", "--service", "zerotier", "tar", "latest");
		assert.equal(toy.code, 1);
		assert.match(toy.stderr, /tar: \/var\/lib\/zerotier-one: Not found in archive/);
		assert.equal(
			await web01.sh("find /var/lib -maxdepth 2 -name '.holdfast-*'; cat /var/lib/zerotier-one/new"),
			"changed",
		);
		await declare([...BLOG, "blog-mended.nix"]);
		await succeeds("restore", "--yes", "--service", "zerotier", "tar", "latest");
		assert.equal(await web01.sh("cat /var/lib/zerotier-one/identity.secret"), "identity");
		await succeeds("restore", "--yes", "--service", "app", "tar", "latest");
		assert.equal(await web01.sh('cd /; runuser -u postgres -- psql -At app -c "select x from t"'), "one");
	});

	test("snapshots that Clan's localbackup made are listed, and restored service by service", async () => {
		await write({
			clan: {
				state: { notes: { folders: ["/srv/notes"] }, other: { folders: ["/srv/other"] } },
				providers: { localbackup: { list: "l", create: "c", restore: "r" } },
				localbackup: { targets: { usb: { directory: "/mnt/usb/backup" } }, snapshots: 20 },
			},
		});
		// The layout of its rsnapshot: snapshot.N/HOSTNAME/ and the folders' own paths.
		await web01.sh(
			"mkdir -p /srv/notes /srv/other /mnt/usb/backup/snapshot.0/web01/srv/notes /mnt/usb/backup/snapshot.0/web01/srv/other; echo one >/mnt/usb/backup/snapshot.0/web01/srv/notes/file; echo one >/mnt/usb/backup/snapshot.0/web01/srv/other/file; echo two >/srv/notes/file; echo two >/srv/other/file",
		);
		const listed = await web01.holdfast("list");
		assert.match(listed.stdout, /usb::\/mnt\/usb\/backup::snapshot\.0/, listed.stderr);
		const { code, stderr } = await web01.holdfast(
			"restore",
			"--yes",
			"--service",
			"notes",
			"localbackup",
			"snapshot.0",
		);
		assert.equal(code, 0, stderr);
		assert.equal(await web01.sh("cat /srv/notes/file /srv/other/file"), "one\ntwo");
	});

	test("`clan backups` finds ours as a provider: a JSON list, NAME and FOLDERS; archives that Clan made are there too", async () => {
		await write({
			clan: {
				state: {
					notes: { folders: ["/srv/notes", "/srv/more"], preRestoreScript: "touch /tmp/hook-ran" },
				},
				providers: { borgbackup: { list: "l", create: "c", restore: "r" } },
				borgbackup: {
					jobs: {
						nas: {
							repo: "/srv/borg",
							environment: {},
							encryption: { mode: "none" },
							exclude: [],
							startAt: "daily",
							compression: "auto,zstd",
							prune: { keep: { within: "1d", daily: 7 } },
						},
					},
				},
			},
		});
		await web01.sh(
			"mkdir -p /srv/notes /srv/more; echo one >/srv/notes/file; echo one >/srv/more/file; cd /; borg init -e none /srv/borg; borg create /srv/borg::web01-nas-2026-11-01T01:00:00 srv/notes srv/more",
		);
		const listed = await web01.holdfast("clan", "list");
		assert.equal(listed.code, 0, listed.stderr);
		assert.deepEqual(JSON.parse(listed.stdout), [{ name: "nas::/srv/borg::web01-nas-2026-11-01T01:00:00" }]);
		await web01.sh("echo two >/srv/notes/file; echo extra >/srv/more/other");
		const restored = await web01.run(["/opt/holdfast/bin/holdfast", "clan", "restore"], {
			env: { NAME: "nas::/srv/borg::web01-nas-2026-11-01T01:00:00", FOLDERS: "/srv/more:/srv/notes" },
		});
		assert.equal(restored.code, 0, restored.stderr);
		assert.equal(
			await web01.sh("cat /srv/notes/file; ls /srv/more; ls /tmp/hook-ran 2>/dev/null || true"),
			"one\nfile",
		);
		const unknown = await web01.run(["/opt/holdfast/bin/holdfast", "clan", "restore"], {
			env: { NAME: "x", FOLDERS: "/srv/else" },
		});
		assert.match(unknown.stderr, /no state of "web01" has the folders \/srv\/else/);
		const { code } = await web01.holdfast(
			"restore",
			"--yes",
			"--service",
			"notes",
			"web01",
			"borgbackup",
			"nas::/srv/borg::web01-nas-2026-11-01T01:00:00",
		);
		assert.equal(code, 0);
		await web01.sh("test -e /tmp/hook-ran");
	});
});
