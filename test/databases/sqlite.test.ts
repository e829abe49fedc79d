// SQLite: a file in WAL mode that its application has open and writes to while it is dumped.
import type { Machine } from "../machine/machine.ts";
import { fulfilsContract } from "./contract.ts";

const FILE = "/var/lib/app/data/app's.db";
/** As the application's user: a file that root creates next to the database would lock it out. */
const sql = (web01: Machine, statements: string) =>
	web01.sh(`runuser -u app -- sqlite3 -cmd '.timeout 5000' "$FILE"`, { input: statements, env: { FILE } });

fulfilsContract({
	name: "SQLite",
	units: [],
	stopOnRestore: ["app.service"],
	folders: ["/var/lib/app"],
	dump: { sqlite: FILE },
	async prepare(web01) {
		await web01.sh("useradd --system app; mkdir -p /var/lib/app/data");
		// It keeps the file open, and its last rows in the -wal.
		await web01.write(
			"/root/app.py",
			`import sqlite3, time
db = sqlite3.connect("""${FILE}""", timeout=10, isolation_level=None)
db.execute("PRAGMA wal_autocheckpoint = 0")
while True:
    db.execute("INSERT INTO beat VALUES (1)"); db.execute("DELETE FROM beat"); time.sleep(0.01)
`,
		);
		await web01.write(
			"/etc/systemd/system/app.service",
			"[Service]\nUser=app\nExecStart=/usr/bin/python3 /root/app.py\nBindReadOnlyPaths=/root/app.py:/opt/app.py\n".replace(
				"/root/app.py\nBind",
				"/opt/app.py\nBind",
			),
		);
	},
	async fill(web01) {
		await web01.sh(
			"systemctl stop app; rm -rf /var/lib/app; mkdir -p /var/lib/app/data; echo file >/var/lib/app/file; chown -R app: /var/lib/app; chmod 750 /var/lib/app/data",
		);
		await sql(
			web01,
			"PRAGMA journal_mode = WAL; PRAGMA user_version = 42; CREATE TABLE note (id INTEGER PRIMARY KEY, text); CREATE TABLE beat (n); INSERT INTO note SELECT value, 'old ' || value FROM generate_series(1, 1000); CREATE VIRTUAL TABLE find USING fts5(text); INSERT INTO find VALUES ('needle')",
		);
		// Wait until the application has it open: an application that opens it too late would create an empty file in
		// place of a moved one.
		await web01.sh(
			'chmod 640 "$FILE"; systemctl start app; for try in $(seq 200); do [ ! -e "$FILE-wal" ] || exit 0; sleep 0.05; done; exit 1',
			{ env: { FILE } },
		);
	},
	async change(web01) {
		await sql(
			web01,
			"UPDATE note SET text = 'newer'; DELETE FROM note WHERE id > 400; PRAGMA user_version = 43",
		);
		await web01.sh("echo newer >/var/lib/app/file");
	},
	facts: async (web01) =>
		[
			await sql(
				web01,
				"SELECT count(*), min(text), max(text) FROM note; PRAGMA user_version; PRAGMA journal_mode; PRAGMA integrity_check; SELECT * FROM find WHERE find MATCH 'needle'",
			),
			await web01.sh(
				'cat /var/lib/app/file; stat -c "%a %U %G" "$FILE" /var/lib/app/data; systemctl is-active app; find /var/lib/app -not -user app; ls /var/lib/app/data | grep -v -- "-wal\\|-shm"',
				{ env: { FILE } },
			),
		].join("\n"),
	breakDown: async (web01) => void (await web01.sh('mv "$FILE" /var/lib/app/moved', { env: { FILE } })),
	repair: async (web01) => void (await web01.sh('mv /var/lib/app/moved "$FILE"', { env: { FILE } })),
	rowsChanged: /SQLite database .*app's\.db +note +400 +1000/,
});
