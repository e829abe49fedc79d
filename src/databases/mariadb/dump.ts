// A dump is one file that the server's own client can read: first the tables as mariadb-dump writes them, then the
// views, triggers, routines and events. The last line repeats the second part as data, so that a restore never runs it
// as a script.
import { type FileHandle, open } from "node:fs/promises";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as v from "valibot";
import { HoldfastError } from "../../values/error.ts";
import type { DumpStream } from "../database.ts";
import { type Broken, brokenSchema } from "./broken.ts";
import { dumpsHistory } from "./history.ts";
import { literal, word } from "./names.ts";
import type { Objects } from "./objects.ts";
import { objectsIn } from "./objects-text.ts";
import { type Asker, type Server, sqlBy } from "./server.ts";
import { ON_FILES } from "./storage-engines.ts";
import { creation, objectSchema, type StoredObject } from "./stored-object.ts";

/** The line between the two parts, and the start of the last line. */
const OBJECTS = "-- Holdfast: views, triggers, routines and events\n";
const DATA = "-- Holdfast: the above as data: ";
/**
 * Size limit of the second part in bytes: for a known dump (written by this machine, or agreed to by the user) and for
 * any other.
 */
const MAX_BYTES = { known: 32 * 1024 * 1024, unknown: 8 * 1024 * 1024 } as const;

/** Read first to find the last line. */
const FIRST_BYTES = 64 * 1024;

/** Storage engines for which a transaction gives a consistent view. */
const TRANSACTIONAL = ["InnoDB", "TokuDB", "MyRocks", "ROCKSDB", "SEQUENCE"];

/** Arguments for the program that dumps the tables. */
export async function dataOf(server: Server, name: string): Promise<string[]> {
	const rows = await server.sql(
		[
			`SELECT table_name, table_type, IFNULL(engine, '') FROM information_schema.tables WHERE table_schema = ${literal(name)}`,
		],
		`list the tables of ${name}`,
	);
	const others = rows
		.filter(([, type, engine]) => type === "VIEW" || engine === ON_FILES)
		.map(([one]) => one);
	const locked = rows.some(
		([, type, engine = ""]) =>
			type === "BASE TABLE" && engine !== ON_FILES && !TRANSACTIONAL.includes(engine),
	);
	const hasHistory = rows.some(([, type]) => type === "SYSTEM VERSIONED") && (await dumpsHistory(server));
	return [
		...(hasHistory ? ["--dump-history"] : []),
		// Dump one consistent state, without locks if every storage engine supports that. Others, such as MyISAM, need
		// a lock.
		...(locked ? ["--lock-tables"] : ["--single-transaction"]),
		"--quick",
		"--hex-blob",
		"--skip-triggers",
		"--skip-dump-date",
		"--no-tablespaces",
		...others.map((one) => `--ignore-table=${name}.${one}`),
		"--",
		name,
	];
}

/** As the server shows an expression: its functions are neither texts nor names. */
const SEQUENCE = /\b(nextval|lastval|setval)\(/i;
const QUOTED = /'(?:[^'\\]|\\[\s\S]|'')*'|`(?:[^`]|``)*`/g;

/**
 * The server stores such a default with the name of the database, so that its table cannot be created in another one, next to the
 * live database. To answer, it looks into views as well, and runs their functions with the rights of who asks.
 */
export async function requireNoSequences(reader: Asker, name: string): Promise<void> {
	const rows = await sqlBy(
		reader,
		[
			`SELECT table_name, column_name, column_default FROM information_schema.columns WHERE table_schema = ${literal(name)} AND column_default REGEXP '(nextval|lastval|setval)\\\\(' LIMIT 1000`,
		],
		`list the tables of ${name}`,
	);
	const ofSequence = rows.filter(([, , value = ""]) => SEQUENCE.test(value.replace(QUOTED, "")));
	if (ofSequence.length === 0) return;
	throw new HoldfastError(
		"database-failed",
		`the database ${name} cannot be backed up: a restore could not make its tables next to the live ones`,
		{
			details: ofSequence
				.slice(0, 5)
				.map(([table, column]) => `the column ${table}.${column} takes its default from a sequence`),
			hint: "use AUTO_INCREMENT, or set the value in a trigger; or dump this database by a command",
		},
	);
}

/** Write the tables, then the objects. */
export function withObjects(tables: DumpStream, then: () => Promise<Objects>): DumpStream {
	let bytes = 0;
	const output = new Transform({
		transform(chunk: Buffer, _encoding, done) {
			bytes += chunk.length;
			done(null, chunk);
		},
		flush(done) {
			rest().then((text) => done(null, text), done);
		},
	});
	const rest = async () => {
		await tables.whole;
		const { objects, broken } = await then();
		const data = `${DATA}${JSON.stringify({ at: bytes, objects, ...(broken.length === 0 ? {} : { broken }) })}\n`;
		if (Buffer.byteLength(data) > MAX_BYTES.known)
			throw new HoldfastError("database-failed", "its views and routines are too large to be restored");
		return [OBJECTS, ...objects.map(forClient), ...broken.map(asComment), data].join("");
	};
	const whole = pipeline(tables.output, output);
	whole.catch(() => {});
	return { ...tables, output, whole };
}

/** SQL for a user who loads the dump by hand. */
function forClient(one: StoredObject): string {
	const statement = creation(one);
	let mark = "//";
	while (statement.includes(mark)) mark += "/";
	return [
		...(one.timeZone === undefined ? [] : [`SET time_zone = ${literal(one.timeZone)};`]),
		`SET sql_mode = ${literal(one.sqlMode)};`,
		`SET collation_connection = ${word(one.collation, "collation")};`,
		`DELIMITER ${mark}`,
		`${statement}${mark}`,
		"DELIMITER ;",
		"",
	].join("\n");
}

/** So that a user can fix the definition and create the object by hand. */
function asComment({ kind, name, why, object, text = "" }: Broken): string {
	const lines = [`invalid, not created: ${kind} ${name}: ${why}`, object ? creation(object) : text];
	return lines.join("\n").replace(/^/gm, "-- ").concat("\n");
}

const tailSchema = v.pipe(
	v.string(),
	v.parseJson(),
	v.object({
		at: v.pipe(v.number(), v.integer(), v.minValue(0)),
		objects: v.array(objectSchema),
		broken: v.optional(v.array(brokenSchema), []),
	}),
);

export interface DumpParts {
	/** Size of the first part in bytes. */
	readonly tables: number;
	readonly objects: readonly StoredObject[];
	readonly broken: readonly Broken[];
}

/**
 * Find the end of the first part, and the objects. `isKnown`: this machine wrote the dump, or the user agreed to its
 * content.
 */
export async function partsOf(file: string, isKnown: boolean): Promise<DumpParts> {
	const handle = await open(file);
	try {
		const { size } = await handle.stat();
		const most = isKnown ? MAX_BYTES.known : MAX_BYTES.unknown;
		const last = await lastLine(handle, size, most);
		if (last.startsWith(DATA)) {
			const found = v.safeParse(tailSchema, last.slice(DATA.length));
			if (!found.success || found.output.at > size) throw damaged(file);
			const { at, objects, broken } = found.output;
			return { tables: at, objects, broken };
		}
		const tail = await endOf(handle, size, most);
		// Holdfast 0.1.0 wrote the second part in mysqldump's format.
		const mark = tail.lastIndexOf(`\n${OBJECTS}`);
		if (mark < 0 && size > most)
			throw new HoldfastError(
				"archive-damaged",
				`the views and routines in the dump ${file} are larger than ${most / 1024 ** 2} MiB, or damaged`,
				isKnown ? {} : { hint: "if you trust this archive, restore it with --trust-archive" },
			);
		if (mark < 0) throw damaged(file);
		return {
			tables: size - tail.length + mark + 1,
			objects: objectsIn(tail.subarray(mark + 1 + Buffer.byteLength(OBJECTS))),
			broken: [],
		};
	} finally {
		await handle.close();
	}
}

/** Reads no more than needed: most dumps have a short one. */
async function lastLine(handle: FileHandle, size: number, most: number): Promise<string> {
	for (let length = FIRST_BYTES; ; length *= 2) {
		const tail = await endOf(handle, size, Math.min(length, most));
		const start = tail.lastIndexOf("\n", -2) + 1;
		if (start > 0 || tail.length === size || length >= most) return tail.subarray(start).toString("utf8");
	}
}

async function endOf(handle: FileHandle, size: number, most: number): Promise<Buffer> {
	const length = Math.min(size, most);
	const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
	return buffer.subarray(0, bytesRead);
}

function damaged(file: string): HoldfastError {
	return new HoldfastError("archive-damaged", `the views and routines in the dump ${file} cannot be read`, {
		hint: "the archive is damaged or was modified; to inspect it, restore it to a folder with --into",
	});
}
