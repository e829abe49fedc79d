// The definition of SQLite. It loads none of the code that opens a database.
import { defineDatabase } from "../database.ts";
import { schema } from "./schema.ts";

export const sqlite = defineDatabase({
	key: "sqlite",
	label: "SQLite",
	kind: "file",
	schema,
	client: { names: ["sqlite3"], debianPackage: "sqlite3" },
	data: ["sqlite"],
	speaksSql: true,
	named: (file) => ({ sqlite: file }),
	files: (file) => [file, `${file}-wal`, `${file}-shm`, `${file}-journal`],
	open: async (dump) => (await import("./sqlite.ts")).sqlite(dump),
});
