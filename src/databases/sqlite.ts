// SQLite, through its own program as the owner of the file. `VACUUM INTO` writes one consistent copy while others
// work (sqlite.org/lang_vacuum.html); a copy of the file itself, without what is in its -wal, may be of no use.
import { constants, copyFile, open, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { execText } from "../host/exec.ts";
import { syncPath } from "../host/files.ts";
import { type FileOwner, giveTo, ownerOf } from "../host/owner.ts";
import { accountOf } from "../host/users.ts";
import type { SqliteDump } from "../manifest/dumps.ts";
import { HoldfastError, isErrno } from "../manifest/error.ts";
import { type Client, fault, optionsOf } from "./client.ts";
import type { DumpFacts, FileDatabase, RowCounts } from "./database.ts";

interface Facts extends DumpFacts, FileOwner {
	/** Whether it is in WAL mode, which a copy by VACUUM INTO is not. */
	readonly wal: boolean;
}

/** Where a file says its mode, twice: 2 is WAL (sqlite.org/fileformat2.html, 1.3.3). */
const MODE_OFFSET = 18;
const BUSY_MS = 30_000;

const TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

export function sqlite({ sqlite: live }: SqliteDump): FileDatabase {
	/** What SQLite makes beside the file must belong to its owner, or the application cannot open it any more. */
	async function client(): Promise<Client> {
		const { uid } = await stat(live);
		const owner = uid === process.getuid?.() ? undefined : await accountOf(uid);
		return {
			server: "SQLite",
			programs: "sqlite3",
			look: `look at it with: sqlite3 ${live}`,
			user: owner?.name,
		};
	}

	async function sql(statements: readonly string[], doing: string): Promise<string[]> {
		const who = await client();
		const result = await execText(["sqlite3", "-batch", "-bail", "-cmd", `.timeout ${BUSY_MS}`, live], {
			...(await optionsOf(who)),
			readsAll: true,
			input: `${statements.join(";\n")};\n`,
		});
		if (result.code !== 0) throw fault(who, doing, result);
		return result.text.split("\n").filter((line) => line !== "");
	}

	return {
		kind: "file",
		async facts() {
			const handle = await open(live).catch((cause: unknown) => {
				if (!isErrno(cause, "ENOENT")) throw cause;
				throw new HoldfastError("failed", `there is no SQLite database ${live}`, { cause });
			});
			try {
				const { buffer } = await handle.read(Buffer.alloc(100), 0, 100, 0);
				return { ...(await ownerOf(live)), version: 3, wal: buffer[MODE_OFFSET] === 2 } satisfies Facts;
			} finally {
				await handle.close();
			}
		},
		async dump(scratch, { signal }) {
			const copy = `${scratch}.copy`;
			await rm(copy, { force: true });
			try {
				await sql([`VACUUM INTO ${literal(copy)}`], `dump the database ${live}`);
				signal.throwIfAborted();
				const handle = await open(copy);
				return { output: handle.createReadStream(), whole: Promise.resolve() };
			} finally {
				await rm(copy, { force: true });
			}
		},
		async obstacles() {
			return [];
		},
		async put(file, facts, to) {
			const { wal } = facts as Facts;
			for (const end of ["", "-wal", "-shm", "-journal"]) await rm(to + end, { force: true });
			await copyFile(file, to, constants.COPYFILE_FICLONE);
			const handle = await open(to, "r+");
			if (wal) await handle.write(Buffer.from([2, 2]), 0, 2, MODE_OFFSET);
			await handle.sync();
			await handle.close();
			await giveTo(to, facts as Facts);
			await syncPath(dirname(to));
		},
		async rows() {
			const names = await sql([TABLES], `count the rows of ${live}`);
			if (names.length === 0) return new Map();
			const counts = await sql(
				names.map((name) => `SELECT count(*) FROM ${quoted(name)}`),
				`count the rows of ${live}`,
			);
			return new Map(names.map((name, index) => [name, Number(counts[index])]));
		},
		async rowsOf(file) {
			const db = new DatabaseSync(file, { readOnly: true });
			try {
				const names = db
					.prepare(TABLES)
					.all()
					.map((row) => String(row.name));
				return new Map(
					names.map((name) => [
						name,
						Number(db.prepare(`SELECT count(*) AS n FROM ${quoted(name)}`).get()?.n),
					]),
				) satisfies RowCounts;
			} finally {
				db.close();
			}
		},
	};
}
