// After a power cut during RENAME TABLE, a table's data and its definition may be in different databases. InnoDB's log
// moves the .ibd files to their new names, but nothing moves the .frm files, which are renamed in folders that the
// server does not sync. The server then finds the table in neither database.
import { readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { syncPath } from "../../host/files.ts";
import type { Server } from "./server.ts";

/**
 * Move definitions to where their data is. Considers only these databases, because only our own swap renames tables
 * between them.
 */
export async function moveDefinitions(server: Server, databases: readonly string[]): Promise<void> {
	const [[data = ""] = []] = await server.sql(["SELECT @@datadir"], "ask the server for its data directory");
	const folders = databases.map((name) => join(data, folderName(name)));
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

/** The folder name that the server uses for a database (MariaDB Knowledge Base, "Identifier to File Name Mapping"). */
export function folderName(database: string): string {
	return database.replace(
		/[^a-zA-Z0-9_]/g,
		(character) => `@${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
	);
}
