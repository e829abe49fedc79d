// The application that the demo protects: notes in a SQLite database, their attachments in a folder, HTTP on loopback.
//   notes.ts serve FOLDER PORT     notes.ts snapshot FOLDER

import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const [verb, folder = ".", port] = process.argv.slice(2);
const file = join(folder, "notes.sqlite");
const snapshot = join(folder, "notes.snapshot");

if (verb === "snapshot") takeSnapshot();
else serve();

/** A consistent copy of the database in use: never copy a live database's own files. */
function takeSnapshot(): void {
	rmSync(snapshot, { force: true });
	new DatabaseSync(file).exec(`VACUUM INTO '${snapshot.replaceAll("'", "''")}'`);
}

function serve(): void {
	// After a restore there is a snapshot and no database.
	if (existsSync(snapshot) && !existsSync(file)) renameSync(snapshot, file);
	const db = new DatabaseSync(file);
	db.exec(
		"PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY, text TEXT NOT NULL)",
	);
	createServer((request, response) => {
		if (request.method === "POST")
			db.prepare("INSERT INTO note (text) VALUES (?)").run(`note at ${Date.now()}`);
		const { rows } = db.prepare("SELECT count(*) AS rows FROM note").get() as { rows: number };
		const files = readdirSync(join(folder, "attachments")).length;
		response.end(JSON.stringify({ rows, files }));
	}).listen(Number(port), "127.0.0.1");
}
