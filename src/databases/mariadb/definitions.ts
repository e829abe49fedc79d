// After a power cut during RENAME TABLE, a table's data and its definition may be in different databases. InnoDB's log
// moves the .ibd files to their new names, but nothing moves the .frm files, which are renamed in folders that the
// server does not sync. The server then finds the table in neither database.
import { readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { syncPath } from "../../host/files.ts";
import { literal } from "./names.ts";
import type { Server } from "./server.ts";

/**
 * Move definitions to where their data is. Considers only these databases, because only our own swap renames tables
 * between them.
 */
export async function moveDefinitions(server: Server, databases: readonly string[]): Promise<void> {
	// MySQL has no such files.
	if ((await server.product()).product === "MySQL") return;
	const [[data = ""] = []] = await server.sql(["SELECT @@datadir"], "ask the server for its data directory");
	const folders = (await foldersOf(server, databases)).map((name) => join(data, name));
	const found = await Promise.all(
		folders.map(async (folder) => ({ folder, files: new Set(await readdir(folder).catch(() => [])) })),
	);
	let moved = false;
	for (const { folder, files } of found)
		for (const file of files) {
			const definition = file.replace(/\.ibd$/, ".frm");
			if (definition === file || files.has(definition)) continue;
			const from = found.find((other) => other.files.has(definition) && !other.files.has(file));
			if (!from) continue;
			await rename(join(from.folder, definition), join(folder, definition));
			from.files.delete(definition);
			moved = true;
		}
	if (!moved) return;
	for (const folder of folders) await syncPath(folder).catch(() => {});
	await server.sql(["FLUSH TABLES"], "make the server reload its tables");
}

/** The names of the folders of databases (MariaDB Knowledge Base, "Identifier to File Name Mapping": `@1o` for ü). */
async function foldersOf(server: Server, databases: readonly string[]): Promise<readonly string[]> {
	const columns = databases.map((name) => `CAST(CONVERT(${literal(name)} USING filename) AS BINARY)`);
	const [row = []] = await server.sql([`SELECT ${columns.join(", ")}`], "ask the server for its folders");
	return row;
}
