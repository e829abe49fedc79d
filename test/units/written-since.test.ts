// A run that was interrupted after its service was up again is undone later: what the service has written in the
// meantime must not be thrown away.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { noMachines } from "../machine/machine.ts";
import { APP, type AppMachine, appMachine } from "./restored.ts";

const HOLDFAST = "/opt/holdfast/bin/holdfast";

describe("what is written after a restore died", { skip: noMachines }, () => {
	let web01: AppMachine;
	before(async () => {
		web01 = await appMachine("web01", {
			units: ["postgresql.service", "postgresql@.service", "mariadb.service"],
			disks: { "/srv": "ext4" },
		});
	});

	/** Restore, and die at this fault point. */
	const dies = (at: string) =>
		web01.run([HOLDFAST, "restore", "--yes", "tar", "latest"], { env: { HOLDFAST_FAULT: `kill@${at}` } });
	const begin = async (options: object = {}) => {
		await web01.units({ "app.service": APP });
		await web01.declare({ stopOnRestore: ["app.service"], ...options });
	};
	/** Its folder is a mount point, with two files. */
	const beginOnMount = async () => {
		await begin();
		await web01.sh(`
			mount -t tmpfs -o mode=755 app /srv/app; echo old >/srv/app/file; echo old >/srv/app/second
			systemctl start app
		`);
	};
	/** The output names what is kept. */
	const keptIn = (said: string, of: RegExp) => {
		const [, kept] = of.exec(said) ?? [];
		assert.ok(kept, said);
		return kept;
	};
	const FOLDER = /are kept as (\/[^;]+);/;
	const DATABASE = /are kept as the database (\w+);/;

	for (const moment of ["start:app#after", "place:app:0#after"])
		test(`in a folder, ${moment}${moment.startsWith("place") ? " [long]" : ""}`, async () => {
			await begin();
			await web01.sh("mkdir /srv/app/in; echo old >/srv/app/in/other; systemctl start app");
			await web01.holdfast_(0, "create");
			await web01.sh("echo newer >/srv/app/file");
			await dies(moment);
			// Somebody starts it, or it is already running; and it works for a day.
			await web01.sh("systemctl start app; echo precious >/srv/app/in/order; echo more >>/srv/app/in/other");
			const said = await web01.holdfast_(0, "recover");
			const kept = keptIn(said, FOLDER);
			assert.match(said, /\/srv\/app\/in\/o(rder|ther) was written at/);
			assert.equal(
				await web01.sh(
					`cat /srv/app/file ${kept}/file ${kept}/in/order ${kept}/in/other; ls /srv/app; ls -A --ignore=lost+found /srv`,
				),
				`newer\nold\nprecious\nold\nmore\nfile\nin\napp\n${kept.replace("/srv/", "")}`,
			);
			assert.equal(await web01.active("app"), "active");
			await web01.sh(`rm -r ${kept}`);
		});

	test("nothing is kept where nothing was written, or only a folder of another state in it", async () => {
		await begin({ folders: ["/srv/app"] });
		await web01.write(
			"/etc/holdfast/holdfast.json",
			JSON.stringify({
				machines: {
					web01: {
						state: {
							app: { folders: ["/srv/app"], settle: 0, stopOnRestore: ["app.service"] },
							inner: { folders: ["/srv/app/deep/inner"] },
						},
						providers: { tar: { destinations: { disk: { path: "/mnt/archives" } } } },
					},
				},
			}),
		);
		await web01.sh("mkdir -p /srv/app/deep/inner; echo a >/srv/app/deep/inner/file; systemctl start app");
		await web01.holdfast_(0, "create");
		await web01.sh("echo newer >/srv/app/file");
		await web01.run([HOLDFAST, "restore", "--yes", "--service", "app", "tar", "latest"], {
			env: { HOLDFAST_FAULT: "kill@start:app#after" },
		});
		await web01.sh("echo b >/srv/app/deep/inner/file");
		await web01.holdfast_(0, "recover");
		assert.equal(
			await web01.sh("cat /srv/app/file /srv/app/deep/inner/file; ls -A --ignore=lost+found /srv"),
			"newer\nb\napp",
		);
	});

	test("in a folder that is a mount point; and where the recovery dies too", async () => {
		await beginOnMount();
		try {
			await web01.holdfast_(0, "create");
			await web01.sh("echo newer >/srv/app/file");
			await dies("start:app#after");
			await web01.sh("echo precious >/srv/app/order; mkdir /srv/app/new; echo precious >/srv/app/new/one");
			for (const moment of ["kept-file", "kept"])
				await web01.run([HOLDFAST, "recover"], { env: { HOLDFAST_FAULT: `kill@place:app:0#${moment}` } });
			await web01.run([HOLDFAST, "recover"], { env: { HOLDFAST_FAULT: "kill@aside:app:0#back-file" } });
			await web01.holdfast_(0, "recover");
			const kept = await web01.sh("ls -d /srv/app/found-*");
			assert.equal(
				await web01.sh(`cat ${kept}/{order,new/one,file,second} /srv/app/file; ls -A /srv/app ${kept}`),
				`precious\nprecious\nold\nold\nnewer\n/srv/app:\nfile\n${kept.replace("/srv/app/", "")}\nsecond\n\n${kept}:\nfile\nnew\norder\nsecond`,
			);
			const [, id = ""] = /found-(.*)/.exec(kept) ?? [];
			assert.match(await web01.holdfast_(0, "runs", "show", id), new RegExp(`left .*${kept}`));
		} finally {
			await web01.sh("systemctl stop app; umount /srv/app");
		}
	});

	test("in a mount point that was only filled in part [long]", async () => {
		await beginOnMount();
		try {
			await web01.holdfast_(0, "create");
			for (const name of ["file", "second"]) {
				await web01.sh("echo newer >/srv/app/file; echo newer >/srv/app/second");
				await dies(`place:app:0#moved-${name}`);
				await web01.sh(`sleep 0.1; echo precious >>/srv/app/${name}`);
				const kept = keptIn(await web01.holdfast_(0, "recover"), FOLDER);
				assert.equal(
					await web01.sh(`cat ${kept}/${name} /srv/app/file /srv/app/second; rm -r ${kept}; ls -A /srv/app`),
					"old\nprecious\nnewer\nnewer\nfile\nsecond",
				);
			}
		} finally {
			await web01.sh("systemctl stop app; umount /srv/app");
		}
	});

	test("what was moved in, as a folder or in the place of the whole one; and a file for a file [long]", async () => {
		await begin();
		await web01.sh("mkdir /srv/app/in; echo old >/srv/app/in/other; systemctl start app");
		await web01.holdfast_(0, "create");
		const cases = {
			"mkdir /srv/rescued; echo precious >/srv/rescued/doc; sleep 1.1; X; mv /srv/rescued /srv/app/":
				"rescued/doc",
			"cp -a /srv/app /srv/backup; echo precious >/srv/backup/doc; sleep 1.1; X; rm -r /srv/app; mv /srv/backup /srv/app":
				"doc",
			"echo precious >/srv/other; touch -d 2020-01-01 /srv/other; sleep 1.1; X; cp -p /srv/other /srv/app/in/other; rm /srv/other":
				"in/other",
		};
		for (const [script, file] of Object.entries(cases)) {
			const [before = "", after = ""] = script.split("X; ");
			await web01.sh(`echo newer >/srv/app/file; ${before}`);
			await dies("place:app:0#after");
			await web01.sh(after);
			const kept = keptIn(await web01.holdfast_(0, "recover"), FOLDER);
			assert.equal(
				await web01.sh(`cat /srv/app/file ${kept}/${file}; ls -A --ignore=lost+found /srv | wc -l`),
				"newer\nprecious\n2",
				script,
			);
			await web01.sh(`rm -r ${kept}`);
		}
	});

	test("while the journal is on a full disk nothing is put back, and nothing is lost once there is room", async () => {
		await begin();
		await web01.sh(
			"systemctl start app; mkdir -p /var/lib/holdfast; mount -t tmpfs -o size=2m journal /var/lib/holdfast",
		);
		try {
			await web01.holdfast_(0, "create");
			await web01.sh("echo newer >/srv/app/file");
			await dies("start:app#after");
			await web01.sh("echo precious >/srv/app/order; cat /dev/zero >/var/lib/holdfast/ballast || true");
			for (let times = 0; times < 2; times++) {
				const { code } = await web01.holdfast("recover");
				assert.notEqual(code, 0);
				assert.equal(await web01.sh("cat /srv/app/order"), "precious");
			}
			await web01.sh("rm /var/lib/holdfast/ballast");
			const said = await web01.holdfast_(0, "recover");
			const kept = keptIn(said, FOLDER);
			assert.equal(await web01.sh(`cat /srv/app/file ${kept}/file ${kept}/order`), "newer\nold\nprecious");
			assert.equal(await web01.active("app"), "active");
			await web01.sh(`rm -r ${kept}`);
		} finally {
			await web01.sh("umount -l /var/lib/holdfast");
		}
	});

	test("what is mounted in it by then is neither moved nor deleted, and how to go on is said", async () => {
		await begin();
		await web01.sh(
			"mkdir -p /srv/app/uploads /data/uploads; echo precious >/data/uploads/photo; systemctl start app",
		);
		await web01.holdfast_(0, "create");
		await web01.sh("echo newer >/srv/app/file");
		await dies("start:app#after");
		await web01.sh("mount --bind /data/uploads /srv/app/uploads");
		const said = await web01.holdfast_(5, "recover");
		assert.match(said, /\/srv\/app\/uploads is mounted/);
		assert.match(said, /umount \/srv\/app\/uploads/);
		await web01.sh("umount /srv/app/uploads");
		await web01.holdfast_(0, "recover");
		assert.equal(await web01.sh("cat /srv/app/file /data/uploads/photo"), "newer\nprecious");
		assert.equal(await web01.active("app"), "active");
		// And while a restore deletes what it has replaced.
		await web01.holdfast_(0, "restore", "--yes", "--keep-old", "1s", "tar", "latest");
		await web01.sh("sleep 1.2; mount --bind /data/uploads /srv/.holdfast-*-app/old/*/uploads");
		const again = await web01.holdfast_(0, "create");
		assert.match(again, /is mounted: deleting .* is postponed/);
		await web01.sh(
			"umount /data/uploads /srv/.holdfast-*-app/old/*/uploads 2>/dev/null || true; rm -rf /srv/.holdfast-*",
		);
		assert.equal(await web01.sh("cat /data/uploads/photo; rm -r /data"), "precious");
	});

	test("in a restore without a second copy that was as good as done, by a service that is up by then", async () => {
		await begin();
		await web01.sh("systemctl start app");
		await web01.holdfast_(0, "create");
		await web01.sh("echo newer >/srv/app/file");
		for (const moment of ["placed", "after"]) {
			await web01.run([HOLDFAST, "restore", "--yes", "--in-place", "tar", "latest"], {
				env: { HOLDFAST_FAULT: `kill@overwrite:app#${moment}` },
			});
			await web01.sh(`systemctl start app; echo precious >/srv/app/${moment}`);
			await web01.holdfast_(0, "recover");
			assert.equal(await web01.active("app"), "active");
			if (moment === "after")
				assert.equal(await web01.sh("cat /srv/app/after /srv/app/file"), "precious\nold");
		}
	});

	const SERVERS = {
		postgresql: {
			start: "systemctl start postgresql; until runuser -u postgres -- pg_isready -q; do sleep 0.2; done",
			sql: (database: string, text: string) =>
				`cd /; runuser -u postgres -- psql -XqAtd ${database} -c "${text}"`,
			create: "cd /; runuser -u postgres -- createdb app",
			drop: (name: string) => `cd /; runuser -u postgres -- dropdb ${name}`,
		},
		mariadb: {
			start: "systemctl start mariadb",
			sql: (database: string, text: string) => `mariadb -N ${database} -e "${text}"`,
			create: "mariadb -e 'CREATE DATABASE app'",
			drop: (name: string) => `mariadb -e "DROP DATABASE ${name}"`,
		},
	};
	for (const [kind, { start, sql, create, drop }] of Object.entries(SERVERS))
		test(`in a database of ${kind}${kind === "mariadb" ? " [long]" : ""}`, async () => {
			await begin({ dumps: [{ [kind]: "app" }] });
			await web01.sh(`${start}; ${create}`);
			await web01.sh(sql("app", "CREATE TABLE note (text varchar(20)); INSERT INTO note VALUES ('old')"));
			await web01.sh("systemctl start app");
			await web01.holdfast_(0, "create");
			for (const moment of ["start:app#after", "swap:app:0#after"]) {
				await web01.sh(sql("app", "DELETE FROM note; INSERT INTO note VALUES ('newer')"));
				await dies(moment);
				await web01.sh("systemctl start app");
				await web01.sh(sql("app", "INSERT INTO note VALUES ('precious')"));
				const kept = keptIn(await web01.holdfast_(0, "recover"), DATABASE);
				assert.equal(await web01.sh(sql("app", "SELECT text FROM note")), "newer");
				assert.equal(await web01.sh(sql(kept, "SELECT text FROM note ORDER BY text")), "old\nprecious");
				await web01.sh(drop(kept));
			}
			await web01.sh(`${drop("app")}; systemctl stop ${kind}`);
		});

	test("where a provider of one's own writes to the live folder [long]", async () => {
		await begin();
		const mine = {
			...{ list: "echo one", create: "rm -rf /srv/copy && cp -a /srv/app /srv/copy" },
			restore: "cp -a /srv/copy /srv/app",
		};
		await web01.write(
			"/etc/holdfast/holdfast.json",
			JSON.stringify({
				machines: {
					web01: {
						state: { app: { folders: ["/srv/app"], settle: 0, stopOnRestore: ["app.service"] } },
						providers: { mine: { type: "command", ...mine } },
					},
				},
			}),
		);
		await web01.sh("systemctl start app");
		await web01.holdfast_(0, "create");
		await web01.sh("echo newer >/srv/app/file");
		const restore = [HOLDFAST, "restore", "--yes", "mine", "one"];
		for (const moment of ["start:app#after", "restore:app#restored", "restore:app#after"]) {
			await web01.run(restore, { env: { HOLDFAST_FAULT: `kill@${moment}` } });
			await web01.holdfast_(0, "recover");
			assert.equal(
				await web01.sh("cat /srv/app/file; ls -A --ignore=lost+found /srv"),
				"newer\napp\ncopy",
				moment,
			);
		}
		for (const moment of ["start:app#after", "restore:app#restored"]) {
			await web01.run(restore, { env: { HOLDFAST_FAULT: `kill@${moment}` } });
			await web01.sh("systemctl start app; echo precious >/srv/app/order");
			const kept = keptIn(await web01.holdfast_(0, "recover"), FOLDER);
			assert.equal(await web01.sh(`cat /srv/app/file ${kept}/file ${kept}/order`), "newer\nold\nprecious");
			await web01.sh(`rm -r ${kept}`);
		}
		await web01.sh("rm -r /srv/copy");
	});
});
