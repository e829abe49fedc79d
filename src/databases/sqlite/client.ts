// Run SQLite's own program as the user that could have written the file, with no other rights. It reads no start-up
// file. It runs in an enclosure that contains the database's folder and a scratch folder. No links are followed there,
// so the owner cannot redirect it, and the user needs no access to the folders above. It can write nowhere else: the
// journal next to a database can name any other file, which SQLite then deletes (sqlite.org/fileformat2.html, "The
// Super-Journal"), and if several users can write to the folder, that could be another user's file.
import { chownSync, closeSync, fstatSync, type Stats } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { hasAcl } from "../../host/acl.ts";
import { type Closed, type Enclosure, enclose } from "../../host/enclosure.ts";
import { cleanEnvironment, execText, type Identity } from "../../host/exec.ts";
import { removeTree, scratchFolder } from "../../host/files.ts";
import { type Folder, openFileBelow, openFolder, split, statOf } from "../../host/folder.ts";
import { places } from "../../host/places.ts";
import { standstillSeconds } from "../../host/standstill.ts";
import { resolvePath } from "../../host/trust.ts";
import { type Account, accountOf, groupOf } from "../../host/users.ts";
import { HoldfastError } from "../../values/error.ts";
import { fault, LONG_QUESTION_SECONDS } from "../client.ts";

const BUSY_MS = 30_000;
/** Where the two folders appear in the enclosure: paths that exist on every Linux system and that anyone can enter. */
const DATABASE = "/var/tmp";
const SCRATCH = "/tmp";

export interface Question {
	/** What is being done, for messages: `dump the database …`. */
	readonly doing: string;
	readonly signal?: AbortSignal;
	readonly timeoutSeconds?: number;
	/** Bytes of the answer that are wanted; by default all of it. */
	readonly beginning?: number;
	/** Whether the file comes from an archive. */
	readonly isArchived?: true;
	log(line: string): void;
}

/** Run statements on a database file and return their output. */
export async function askSqlite(
	file: string,
	statements: readonly string[],
	question: Question,
): Promise<string> {
	const [above, name] = split(existing(file));
	using folder = openFolder(above);
	const { who, shared } = await writersOf(folder, name);
	await using enclosure = await closeIn([{ folder, at: DATABASE }], shared, file, question);
	const at = enclosure === undefined ? `${above}/${name}` : `${DATABASE}/${name}`;
	// Must be awaited here: the enclosure is removed when this function returns.
	return await run({ at, shown: file }, statements, who, enclosure, question);
}

/**
 * Have SQLite write a copy of a database, and pass the copy's descriptor to `use`. `statements` gets the path to write
 * to. Until then the user can change the copy, so it is opened as untrusted data: it must be a regular file that
 * belongs to that user.
 */
export async function copySqlite<T>(
	file: string,
	statements: (copy: string) => readonly string[],
	question: Question,
	use: (fd: number) => Promise<T> | T,
): Promise<T> {
	const [above, name] = split(existing(file));
	using folder = openFolder(above);
	const { who, shared } = await writersOf(folder, name);
	const own = await scratchFolder(join(places().state, "spool"));
	give(own, who);
	await using enclosure = await closeIn(
		[
			{ folder: own, at: SCRATCH },
			{ folder, at: DATABASE },
		],
		shared,
		file,
		question,
	);
	// Without an enclosure, the user cannot enter our own folders.
	const scratch = enclosure === undefined && who !== undefined ? await mkdtemp("/var/tmp/holdfast-") : own;
	try {
		if (scratch !== own) give(scratch, who);
		const at = enclosure === undefined ? [`${above}/${name}`, scratch] : [`${DATABASE}/${name}`, SCRATCH];
		await run({ at: at[0] ?? "", shown: file }, statements(`${at[1]}/copy`), who, enclosure, question);
		using made = openFolder(resolvePath(scratch).path);
		return await use(openCopy(made, who));
	} finally {
		for (const one of new Set([scratch, own])) await removeTree(one);
	}
}

function openCopy(made: Folder, who: Identity | undefined): number {
	const fd = openFileBelow(made, "copy");
	const { uid, nlink } = fstatSync(fd);
	if (uid === (who?.uid ?? process.getuid?.()) && nlink === 1) return fd;
	closeSync(fd);
	throw new HoldfastError(
		"path-not-trusted",
		"the copy of the database was replaced while it was being created",
		{ subject: made.path },
	);
}

function give(folder: string, who: Identity | undefined): void {
	if (who !== undefined) chownSync(folder, who.uid, who.gid);
}

/** `at`: the file's path for the program; `shown`: its path in messages. */
async function run(
	{ at, shown }: { readonly at: string; readonly shown: string },
	statements: readonly string[],
	who: Identity | undefined,
	enclosure: Enclosure | undefined,
	{ doing, signal, timeoutSeconds, beginning, isArchived }: Question,
): Promise<string> {
	const words = ["sqlite3", "-init", "/dev/null", "-batch", "-bail", "-cmd", `.timeout ${BUSY_MS}`, at];
	const result = await execText(words, {
		enclosure,
		...(who === undefined ? {} : { user: who }),
		env: { ...cleanEnvironment(), HOME: "/nonexistent" },
		// A command of the sqlite3 program starts with a dot and ends with its line, without a semicolon.
		input: statements.map((one) => `${one}${one.startsWith(".") ? "" : ";"}\n`).join(""),
		// The user that owns the file could suspend a program that runs as them.
		standstillSeconds: standstillSeconds(),
		...(signal ? { signal } : {}),
		timeoutSeconds: timeoutSeconds ?? LONG_QUESTION_SECONDS,
		...(beginning === undefined ? {} : { beginning }),
	});
	if (result.code === 0) return result.text;
	const stderr = result.stderr.map((line) => line.replaceAll(at, shown));
	const says = (words: RegExp) => stderr.some((line) => words.test(line));
	const otherwise = isArchived
		? "the archive is damaged or was modified; choose another one"
		: says(/not a database|malformed/)
			? `${shown} is damaged or not an SQLite database; a restore replaces it`
			: says(/locked|busy/)
				? `another program has locked it; find it with: fuser ${shown}`
				: `check its owner and mode: ls -l ${shown}`;
	throw fault({ server: "SQLite", programs: "sqlite3", look: otherwise, otherwise, user: undefined }, doing, {
		...result,
		stderr,
	});
}

function existing(file: string): string {
	const { path, found } = resolvePath(file);
	if (found === undefined)
		throw new HoldfastError("database-not-found", `the SQLite database ${file} does not exist`, {
			subject: file,
		});
	if (found.isFile()) return path;
	throw new HoldfastError(
		"path-not-trusted",
		`${file} is not a regular file, so it cannot be an SQLite database`,
		{
			subject: file,
		},
	);
}

/**
 * Create an enclosure in which nothing else can be written. Without one, a file that several users can write to is
 * refused.
 */
async function closeIn(closed: readonly Closed[], shared: boolean, file: string, { log }: Question) {
	if (process.getuid?.() !== 0) return undefined;
	const enclosure = await enclose(closed, { restReadOnly: true });
	if (!("why" in enclosure)) return enclosure;
	if (!shared) {
		log(`cannot disable symbolic links in folders that other users can change: ${enclosure.why}`);
		return undefined;
	}
	throw new HoldfastError(
		"path-not-trusted",
		`several users can write to ${file} or its folder, and it cannot be read in isolation from the rest of the system: ${enclosure.why}`,
		{
			subject: file,
			hint: "any of them could use it to delete files of the others; allow only one user to write there",
		},
	);
}

/**
 * The user that reads the file: the one who can write it or put something next to it. Undefined if that is only
 * ourselves. `shared`: other users can write there as well. If we are not root, we have only our own rights in any
 * case.
 */
async function writersOf(
	folder: Folder,
	name: string,
): Promise<{ readonly who: Identity | undefined; readonly shared: boolean }> {
	if (process.getuid?.() !== 0) return { who: undefined, shared: false };
	const fd = openFileBelow(folder, name);
	const file = fstatSync(fd);
	closeSync(fd);
	const above = statOf(folder);
	const owner = file.uid !== 0 ? file : above;
	const known = owner.uid === 0 ? undefined : await accountOf(owner.uid);
	const who = owner.uid === 0 ? undefined : (known ?? { uid: owner.uid, gid: owner.gid });
	const owners = new Set([file.uid, above.uid, 0]);
	const shared =
		owners.size > 2 ||
		(await isSharedBeyond(known, file, () => hasAcl(`${folder.self}/${name}`))) ||
		(await isSharedBeyond(known, above, () => hasAcl(`${folder.self}/.`)));
	return { who, shared };
}

/** Whether users other than the owner can write to it. The owner's own group does not count. */
async function isSharedBeyond(
	owner: Account | undefined,
	{ mode, gid }: Stats,
	hasList: () => boolean,
): Promise<boolean> {
	if ((mode & 0o002) !== 0) return true;
	if ((mode & 0o020) === 0) return false;
	if (gid !== (owner?.gid ?? 0) || hasList()) return true;
	const members = (await groupOf(gid))?.members ?? [];
	return members.some((name) => name !== (owner?.name ?? "root"));
}
