// SQLite, through its own program. `VACUUM INTO` writes one consistent copy while others use the database
// (sqlite.org/lang_vacuum.html); a plain copy of the file lacks what is in its -wal and may be unusable. VACUUM INTO
// rebuilds the indexes, so it needs the functions and collations that they use. If only the application has these, the
// pages are copied unchanged (`.backup`, sqlite.org/backup.html).
import {
	chownSync,
	closeSync,
	constants,
	copyFileSync,
	createReadStream,
	fsyncSync,
	readSync,
	writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { removeIn } from "../../host/files.ts";
import { openFileBelow, openFolder, split, syncFolder } from "../../host/folder.ts";
import { LONGEST_BEGINNING } from "../../host/lines.ts";
import { type FileOwner, giveTo, ownerOf } from "../../host/owner.ts";
import { resolvePath } from "../../host/trust.ts";
import { accountOf } from "../../host/users.ts";
import { HoldfastError, reportOf } from "../../values/error.ts";
import type { DumpFacts, DumpStream, FileDatabase, RowCounts } from "../database.ts";
import { askSqlite, copySqlite, type Question } from "./client.ts";
import type { SqliteDump } from "./schema.ts";

interface Facts extends DumpFacts, FileOwner {
	/** Whether the database is in WAL mode. A copy by VACUUM INTO never is. */
	readonly wal: boolean;
}

/**
 * Errors about functions and other extensions that the application registers at run time and the sqlite3 program does
 * not have.
 */
const IS_APPLICATIONS =
	/no such (collation sequence|function|module|tokenizer)|unknown (tokenizer|function)|unsafe use of|misuse of .* in (an? )?(index|generated column)/i;

/** The offset of the two header bytes that contain the mode: 2 is WAL (sqlite.org/fileformat2.html, 1.3.3). */
const MODE_OFFSET = 18;

/** Names are printed as hex, one per line, because they may contain any character. */
const TABLES = "SELECT hex(name) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

export function sqlite({ sqlite: live }: SqliteDump): FileDatabase {
	return {
		kind: "file",
		async facts() {
			const { path, found } = resolvePath(live);
			if (found === undefined)
				throw new HoldfastError("database-not-found", `the SQLite database ${live} does not exist`, {
					subject: live,
				});
			const [above, name] = split(path);
			using folder = openFolder(above);
			const fd = openFileBelow(folder, name);
			try {
				const header = Buffer.alloc(100);
				readSync(fd, header, 0, 100, 0);
				return { ...(await ownerOf(fd)), version: 3, wal: header[MODE_OFFSET] === 2 } satisfies Facts;
			} finally {
				closeSync(fd);
			}
		},
		async dump(_scratch, work) {
			const question: Question = { ...work, doing: `dump the database ${live}` };
			const copied = (statement: (copy: string) => string, warnings: readonly string[] = []) =>
				copySqlite(
					live,
					(copy) => [statement(copy)],
					question,
					(fd): DumpStream => ({
						output: createReadStream("", { fd, start: 0 }),
						whole: Promise.resolve(),
						warnings,
					}),
				);
			try {
				return await copied((copy) => `VACUUM INTO ${literal(copy)}`);
			} catch (error) {
				const lacks = reportOf(error).details?.find((line) => IS_APPLICATIONS.test(line));
				if (lacks === undefined) throw error;
				return copied(
					(copy) => `.backup main ${literal(copy)}`,
					[
						`the database ${live} was copied page by page, because only its application can rebuild its indexes (${lacks})`,
					],
				);
			}
		},
		async obstacles() {
			return [];
		},
		async put(file, facts, folder, name) {
			const { wal } = facts as Facts;
			for (const end of ["", "-wal", "-shm", "-journal"]) await removeIn(folder, name + end);
			copyFileSync(file, folder.at(name), constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
			const fd = openFileBelow(folder, name, constants.O_RDWR);
			try {
				if (wal) writeSync(fd, Buffer.from([2, 2]), 0, 2, MODE_OFFSET);
				await giveTo(fd, facts as Facts);
				fsyncSync(fd);
			} finally {
				closeSync(fd);
			}
			syncFolder(folder);
		},
		ask: (sql, seconds, work) =>
			askSqlite(live, [sql], {
				...{ signal: work.signal, log: work.log },
				...{ doing: `query ${live}`, timeoutSeconds: seconds, beginning: LONGEST_BEGINNING },
			}),
		rows: (work) => countRows(live, { ...work, doing: `count the rows of ${live}` }),
		async rowsOf(file, work) {
			// The file comes from the archive's author, so read it as an unprivileged user.
			const nobody = await accountOf("nobody");
			if (process.getuid?.() === 0 && nobody)
				for (const one of [dirname(file), file]) chownSync(one, nobody.uid, nobody.gid);
			return countRows(file, { ...work, doing: `count the rows of the dump ${file}`, isArchived: true });
		},
	};
}

async function countRows(file: string, question: Question): Promise<RowCounts> {
	const lines = async (statements: readonly string[]) =>
		(await askSqlite(file, statements, question)).split("\n").filter((line) => line !== "");
	const names = (await lines([TABLES])).map((hex) => Buffer.from(hex, "hex").toString("utf8"));
	if (names.length === 0) return new Map();
	const counts = await lines(names.map((name) => `SELECT count(*) FROM ${quoted(name)}`));
	return new Map(names.map((name, index) => [name, Number(counts[index])]));
}
