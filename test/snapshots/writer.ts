// A service that keeps an invariant across two file systems and a database at full speed, in a test machine: each round writes the
// same number to a file on the first one, to a SQLite database beside it, and to a file on the second one.
import type { Machine } from "../machine/machine.ts";

/** Of this checkout, as the machine sees it. */
const NODE = "/opt/holdfast/node_modules/node/bin/node";
const PROGRAM = `
const { renameSync, writeFileSync } = require("node:fs");
const { DatabaseSync } = require("node:sqlite");
const database = new DatabaseSync("/one/app/data/count.db");
database.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; CREATE TABLE IF NOT EXISTS count (number INTEGER)");
database.exec("DELETE FROM count; INSERT INTO count VALUES (0)");
const store = database.prepare("UPDATE count SET number = ?");
const put = (file, count) => { writeFileSync(file + ".new", String(count)); renameSync(file + ".new", file); };
for (let count = 1; ; count++) {
	put("/one/app/data/count", count);
	store.run(count);
	put("/two/app/count", count);
}`;

export const FOLDERS = ["/one/app", "/one/large", "/two/app"];

/** On a machine with btrfs at /one and /two. It starts the unit app.service. */
export async function startWriter(machine: Machine): Promise<void> {
	await machine.write("/opt2/writer.js", PROGRAM);
	await machine.write(
		"/etc/systemd/system/app.service",
		`[Service]\nExecStart=${NODE} --disable-warning=ExperimentalWarning /opt2/writer.js\nTimeoutStopSec=5\n`,
	);
	await machine.sh(`
		btrfs subvolume create /one/app >/dev/null
		btrfs subvolume create /one/app/data >/dev/null
		btrfs subvolume create /two/app >/dev/null
		mkdir /one/large
		head -c 30000000 /dev/urandom >/one/large/file
		systemctl start app
		for _ in $(seq 200); do [ ! -e /two/app/count ] || exit 0; sleep 0.05; done
		systemctl status app; exit 1
	`);
}

/** Why what a restore has put below a folder breaks the invariant, or undefined. The numbers are then as they were at one instant. */
export async function breach(machine: Machine, into: string): Promise<string | undefined> {
	const seen = await machine.run([NODE, "--disable-warning=ExperimentalWarning", "-e", READER, into]);
	if (seen.code !== 0) return seen.stderr;
	const [first = 0, stored = 0, second = 0] = seen.stdout.trim().split(" ").map(Number);
	const isWhole = first - second <= 1 && first >= stored && stored >= second && second > 0;
	return isWhole ? undefined : `${first} ${stored} ${second}`;
}

const READER = `
const { readFileSync } = require("node:fs");
const { DatabaseSync } = require("node:sqlite");
const at = process.argv[1];
const database = new DatabaseSync(at + "/one/app/data/count.db");
const { integrity_check } = database.prepare("PRAGMA integrity_check").get();
if (integrity_check !== "ok") throw new Error(integrity_check);
const { number } = database.prepare("SELECT number FROM count").get();
console.log(readFileSync(at + "/one/app/data/count", "utf8"), number, readFileSync(at + "/two/app/count", "utf8"));`;
