// After a power cut within a RENAME TABLE the server may know a table's data in one database and its definition in
// another: InnoDB's log brings the .ibd files to where they were renamed to, and nothing the .frm files, which are renamed
// in folders that the server does not sync. Such a table is not there for the server, in neither database.
import { readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { syncPath } from "../../host/files.ts";
import type { Server } from "./server.ts";

/** Bring definitions to their data, among these databases alone, which only a swap of ours renames tables between. */
export async function bringDefinitions(server: Server, databases: readonly string[]): Promise<void> {
	const [[data = ""] = []] = await server.sql(["SELECT @@datadir"], "ask the server for its folder");
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
	await server.sql(["FLUSH TABLES"], "have the server look at its tables again");
}

/** As the server writes a name that is a folder's (MariaDB Knowledge Base, "Identifier to File Name Mapping"). */
function folderName(database: string): string {
	return database.replace(
		/[^a-zA-Z0-9_]/g,
		(character) => `@${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
	);
}
