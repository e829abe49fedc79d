// The journal's file: opening, creating, migrating and setting it aside. The journal is needed to undo an interrupted run,
// so a damaged, empty or newer file is never mistaken for one without open runs.

import { existsSync, linkSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { counted } from "../values/counted.ts";
import { HoldfastError, isErrno } from "../values/error.ts";
import { wordsOf } from "../values/system-error.ts";
import { VERSION as PROGRAM } from "../values/version.ts";
import { MIGRATIONS, VERSION } from "./journal-schema.ts";

const FILE = "journal.sqlite";
/** The files that SQLite keeps next to the database. */
const BESIDE = ["-wal", "-shm", "-journal"];
const BUSY_MS = 5_000;
/** The first bytes of every SQLite database. */
const SMALLEST = 512;

/** SQLite's result codes, sqlite.org/rescode.html; the low byte is the primary code. */
const KINDS = {
	busy: 5,
	readOnly: 8,
	input: 10,
	corrupt: 11,
	full: 13,
	cannotOpen: 14,
	notADatabase: 26,
} as const;

/** Names the entire journal where a run is expected: `recover --abandon journal`. */
export const WHOLE = "journal";

const WAY_OUT =
	"restore the file from a copy of the system, if there is one; if not, 'holdfast recover --abandon journal' reports what can still be read, sets the journal aside and creates a new one";

/** Open the journal in this folder, or create it (the folder 0700, the file 0600). */
export function openJournalFile(folder: string): DatabaseSync {
	const file = join(folder, FILE);
	try {
		mkdirSync(folder, { recursive: true, mode: 0o700 });
		if (look(file, folder) === "absent") make(file);
		return upToDate(open(file), folder);
	} catch (cause) {
		throw journalFault("open", folder, cause);
	}
}

/**
 * The same for readers: nothing is created, and a journal of an older version is migrated in a private copy, because
 * somebody else may hold the lock.
 */
export function openJournalToRead(folder: string): DatabaseSync {
	const file = join(folder, FILE);
	try {
		if (look(file, folder) === "absent") return upToDate(new DatabaseSync(":memory:"), folder);
		const db = openReadOnly(file);
		try {
			requireKnown(db, folder);
			if (versionOf(db) === VERSION) return db;
			const copy = copyOf(db);
			db.close();
			return upToDate(copy, folder);
		} catch (error) {
			if (db.isOpen) db.close();
			throw error;
		}
	} catch (cause) {
		throw journalFault("open", folder, cause);
	}
}

function copyOf(db: DatabaseSync): DatabaseSync {
	const folder = mkdtempSync(join(tmpdir(), "holdfast-journal-"));
	try {
		const file = join(folder, FILE);
		db.prepare("VACUUM INTO ?").run(file);
		const copy = new DatabaseSync(file);
		// The file was unlinked, so the copy must not need files next to it.
		copy.exec("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;");
		return copy;
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/**
 * SQLite treats an empty file as a new database, and deletes a write-ahead log next to it. A journal is created under
 * another name and renamed, so an empty file under this name is one whose content was lost.
 */
function look(file: string, folder: string): "absent" | "present" {
	const size = sizeOf(file);
	const log = sizeOf(`${file}-wal`) ?? 0;
	if (size === undefined && log === 0) return "absent";
	if (size !== undefined && size >= SMALLEST) return "present";
	throw damaged(
		folder,
		size === undefined
			? `${FILE} is missing, but ${FILE}-wal exists`
			: `${FILE} is ${counted(size, "byte")} long`,
	);
}

function make(file: string): void {
	const fresh = `${file}.new-${process.pid}`;
	const mask = process.umask(0o077);
	try {
		const db = new DatabaseSync(fresh);
		db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
		for (const migrate of MIGRATIONS) db.exec(migrate);
		db.close();
		linkSync(fresh, file);
	} catch (error) {
		// Another process was faster: use its journal.
		if (!isErrno(error, "EEXIST")) throw error;
	} finally {
		process.umask(mask);
		for (const end of ["", ...BESIDE]) rmSync(`${fresh}${end}`, { force: true });
	}
}

function open(file: string): DatabaseSync {
	const db = new DatabaseSync(file, { timeout: BUSY_MS });
	try {
		db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
		return db;
	} catch (error) {
		db.close();
		const isKept = kindOf(error) === KINDS.cannotOpen || kindOf(error) === KINDS.readOnly;
		// On a read-only disk it can still be read, as long as there is no write-ahead log.
		if (!isKept || (sizeOf(`${file}-wal`) ?? 0) > 0) throw error;
		return openUnchanging(file);
	}
}

function openReadOnly(file: string): DatabaseSync {
	const db = new DatabaseSync(file, { readOnly: true, timeout: BUSY_MS });
	try {
		versionOf(db);
		return db;
	} catch (error) {
		db.close();
		if (kindOf(error) !== KINDS.cannotOpen && kindOf(error) !== KINDS.readOnly) throw error;
		if ((sizeOf(`${file}-wal`) ?? 0) > 0) throw error;
		return openUnchanging(file);
	}
}

function openUnchanging(file: string): DatabaseSync {
	const url = pathToFileURL(file);
	url.searchParams.set("immutable", "1");
	return new DatabaseSync(url, { readOnly: true });
}

function upToDate(db: DatabaseSync, folder: string): DatabaseSync {
	try {
		requireKnown(db, folder);
		for (const migrate of MIGRATIONS.slice(versionOf(db))) db.exec(migrate);
		return db;
	} catch (error) {
		db.close();
		throw error;
	}
}

function requireKnown(db: DatabaseSync, folder: string): void {
	const version = versionOf(db);
	if (version > VERSION) throw newer(db, version, folder);
	if (version < 0) throw damaged(folder, `its version is ${version}`);
}

function versionOf(db: DatabaseSync): number {
	return Number(db.prepare("PRAGMA user_version").get()?.user_version);
}

function newer(db: DatabaseSync, version: number, folder: string): HoldfastError {
	const by = writtenBy(db);
	return new HoldfastError(
		"journal-newer",
		`the journal in ${folder} was written by a newer version of Holdfast${by === undefined ? "" : `, ${by}`}`,
		{
			subject: folder,
			details: [`its version is ${version}; Holdfast ${PROGRAM} supports up to ${VERSION}`],
			hint: `use ${by === undefined ? "that version" : `Holdfast ${by}`}, or a newer one. To continue with ${PROGRAM} anyway, 'holdfast recover --abandon journal' reports what is in the journal, sets it aside and creates a new one`,
		},
	);
}

/** The program that wrote the newest run: later versions keep it at the same JSON path. */
function writtenBy(db: DatabaseSync): string | undefined {
	try {
		const row = db
			.prepare("SELECT json_extract(plan, '$.program') AS program FROM run ORDER BY rowid DESC LIMIT 1")
			.get();
		return typeof row?.program === "string" ? row.program.slice(0, 40) : undefined;
	} catch {
		return undefined;
	}
}

export function damaged(folder: string, why: string): HoldfastError {
	return new HoldfastError("journal-damaged", `the journal in ${folder} is damaged: ${why}`, {
		subject: folder,
		details: ["it is needed to undo interrupted runs, so no run starts without it"],
		hint: WAY_OUT,
	});
}

/** Turn an error from SQLite or the system into one that says what to do. */
export function journalFault(doing: "open" | "read" | "write", folder: string, cause: unknown): unknown {
	if (cause instanceof HoldfastError) return cause;
	const message = wordsOf(cause);
	const kind = kindOf(cause);
	if (kind === KINDS.corrupt || kind === KINDS.notADatabase) return damaged(folder, message);
	const isReadOnly = kind === KINDS.readOnly || isErrno(cause, "EROFS");
	const isFull = kind === KINDS.full || isErrno(cause, "ENOSPC") || isErrno(cause, "EDQUOT");
	return new HoldfastError(
		"journal-failed",
		`cannot ${doing} the journal in ${folder}${isReadOnly ? ": the disk is mounted read-only" : ""}`,
		{
			subject: folder,
			cause,
			details: [message],
			...(isReadOnly
				? {
						hint: `see why with 'dmesg' and 'findmnt -T ${folder}'; no run starts until it can be written`,
					}
				: isFull || doing === "write"
					? { hint: `check whether the disk is full: df -h ${folder}` }
					: kind === KINDS.busy
						? { hint: "another process is using it; try again" }
						: kind === KINDS.input
							? { hint: `check whether the disk is full or failing: df -h ${folder}, and dmesg` }
							: { hint: `see: ls -la ${folder}` }),
		},
	);
}

function kindOf(error: unknown): number | undefined {
	const code = (error as { readonly errcode?: unknown } | undefined)?.errcode;
	return typeof code === "number" ? code & 0xff : undefined;
}

function sizeOf(file: string): number | undefined {
	return statSync(file, { throwIfNoEntry: false })?.size;
}

/** Open what is left of it for a last look, without changing anything; any statement may fail. Undefined if it cannot be opened. */
export function openForInspection(folder: string): DatabaseSync | undefined {
	const file = join(folder, FILE);
	if ((sizeOf(file) ?? 0) < SMALLEST) return undefined;
	try {
		return new DatabaseSync(file, { readOnly: true });
	} catch {
		return undefined;
	}
}

/** Rename the journal and the files next to it. Returns its new path, or undefined if there is none. */
export function setAside(folder: string, mark: string): string | undefined {
	const aside = `${FILE}.abandoned-${mark}`;
	// The log first: SQLite would delete a log next to an empty file.
	for (const end of [...BESIDE, ""])
		if (existsSync(join(folder, `${FILE}${end}`)))
			renameSync(join(folder, `${FILE}${end}`), join(folder, `${aside}${end}`));
	return existsSync(join(folder, aside)) || existsSync(join(folder, `${aside}-wal`))
		? join(folder, aside)
		: undefined;
}
