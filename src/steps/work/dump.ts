// Before a backup, examine a state's databases, and dump them unless the dump is streamed into the engine.
import { createWriteStream } from "node:fs";
import { mkdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Database, DumpFacts, DumpStream, ServerDatabase } from "../../databases/database.ts";
import {
	type Dump,
	databaseOf,
	dumpFile,
	dumpLabel,
	isOfAll,
	liveFiles,
	openDatabase,
	withDatabase,
} from "../../databases/dump.ts";
import { digesting, sha256 } from "../../host/digest.ts";
import { removeTree, syncPath, writeSynced } from "../../host/files.ts";
import { linkAt } from "../../host/trust.ts";
import { HoldfastError, inOneLine } from "../../values/error.ts";
import { printable, shortPath } from "../../values/printable.ts";
import type { Dumped, DumpedDatabase, DumpStep } from "../dump.ts";
import type { StepWork } from "../step.ts";
import { shortFacts } from "./described.ts";

/** Maximum bytes of a file with accounts: a database has few, but an archive's file could hold anything. */
export const MAX_ACCOUNTS = 64 * 1024 * 1024;

export const dump: StepWork<DumpStep, unknown, Dumped> = {
	about: ({ dump }) => databaseOf(dump),
	async run({ dump, file, streamed = false }, context) {
		const folder = dirname(file);
		await mkdir(folder, { recursive: true, mode: 0o700 });
		const databases: DumpedDatabase[] = [];
		let bytes = 0;
		const warnings: string[] = [];
		for (const one of await meant(dump, context.signal)) {
			const at = join(folder, dumpFile(one));
			// Left by a run that could not tidy up.
			for (const stale of [at, accountsFile(at)]) await rm(stale, { force: true });
			const database = await openDatabase(one, context.signal);
			const all = await database.facts();
			const facts = shortFacts(all);
			const digests: Record<string, string> = {};
			for (const path of database.kind === "file" ? liveFiles(one) : []) {
				const target = linkAt(path);
				if (target !== undefined)
					warnings.push(
						`${path} is a symbolic link, to ${shortPath(printable(target))}: its target is dumped, but a restore would replace the link; use the path of the file itself, and its folder, in the config`,
					);
			}
			if (database.kind !== "server" && facts !== all)
				throw new HoldfastError(
					"database-failed",
					`the server's description of the ${dumpLabel(one)} is too long to be stored`,
				);
			const accounts =
				database.kind === "server"
					? await writeAccounts(
							database,
							one,
							accountsFile(at),
							digests,
							warnings,
							facts === all ? undefined : all,
						)
					: {};
			const unnoted = await noteInto(warnings, database, one, context.signal);
			if (!streamed) {
				const content = await database.dump(at, context);
				bytes += await dumpInto(content, at, context.signal, digests);
				warnings.push(...(content.warnings ?? []));
			}
			context.point("dumped");
			databases.push({ dump: one, facts: { ...facts, ...unnoted }, file: at, ...accounts, digests });
		}
		context.note({ databases });
		return {
			...(streamed ? {} : { bytes }),
			...(warnings.length > 0 ? { warnings } : {}),
		};
	},
	async undo({ file }) {
		await removeTree(dirname(file));
	},
};

/** The named database, or all databases that the server has now. */
async function meant(dump: Dump, signal: AbortSignal): Promise<Dump[]> {
	if (!isOfAll(dump)) return [dump];
	const names = await (await openDatabase(dump, signal)).list();
	return names.filter((name) => !dump.except?.includes(name)).map((name) => withDatabase(dump, name));
}

const accountsFile = (dump: string) => dump.replace(/\.dump$/, ".accounts.json");

async function writeAccounts(
	database: ServerDatabase,
	dump: Dump,
	file: string,
	digests: Record<string, string>,
	warnings: string[],
	facts: DumpFacts | undefined,
) {
	try {
		const accounts = await database.accounts();
		if (accounts === undefined && facts === undefined) return {};
		const text = JSON.stringify({ ...(accounts ?? { accounts: [] }), ...(facts && { facts }) });
		if (Buffer.byteLength(text) > MAX_ACCOUNTS)
			throw new HoldfastError(
				"database-failed",
				`they are larger than the ${MAX_ACCOUNTS / 1024 ** 2} MiB that a restore reads`,
			);
		await writeSynced(file, text);
		digests[file] = sha256(text);
		return { accounts: file };
	} catch (error) {
		if (facts !== undefined) throw error;
		// A role that may read the data may not always read the accounts. The dump is complete without them.
		warnings.push(`the accounts of the ${dumpLabel(dump)} are left out: ${inOneLine(error)}`);
		return {};
	}
}

/**
 * What a restore would not bring back. A dump is worth having without knowing it, so a failure is no more than said: now, and by
 * the archive.
 */
async function noteInto(
	warnings: string[],
	database: Database,
	dump: Dump,
	signal: AbortSignal,
): Promise<Pick<DumpFacts, "unnoted">> {
	try {
		warnings.push(...((await database.notes?.()) ?? []));
		return {};
	} catch (error) {
		signal.throwIfAborted();
		warnings.push(
			`what a restore of the ${dumpLabel(dump)} would leave out could not be found out: ${inOneLine(error)}`,
		);
		return { unnoted: true };
	}
}

/** Write a dump to a new private file, synced. Returns its size. Leaves no file if it fails. */
export async function dumpInto(
	content: DumpStream,
	file: string,
	signal: AbortSignal,
	digests: Record<string, string> = {},
): Promise<number> {
	try {
		const output = createWriteStream(file, { flags: "wx", mode: 0o600, flush: true });
		await pipeline(
			content.output,
			digesting((digest) => {
				digests[file] = digest;
			}),
			output,
			{ signal },
		);
		await content.whole;
		await syncPath(dirname(file));
		return (await stat(file)).size;
	} catch (error) {
		await rm(file, { force: true });
		// The program's own error is better than the broken pipe that it causes.
		await content.whole;
		throw error;
	}
}
