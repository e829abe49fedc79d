// A state's databases. Before a backup they are looked at, and dumped unless the engine takes the dump as it is made.
// On restore those of a server are loaded beside the live ones, then swapped; those that are files are put into the
// folders that were extracted.
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readFile, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import * as v from "valibot";
import type { DumpFacts, ServerDatabase, SwapMemory } from "../../databases/database.ts";
import { openDatabase } from "../../databases/registry.ts";
import { digesting, sha256 } from "../../host/digest.ts";
import { removeTree, syncPath, writeSynced } from "../../host/files.ts";
import { descend, split } from "../../host/folder.ts";
import { inArea } from "../../host/private-area.ts";
import {
	ALL,
	type Dump,
	databaseOf,
	dumpFile,
	dumpLabel,
	isServerDump,
	withDatabase,
} from "../../manifest/dumps.ts";
import { HoldfastError, reportOf } from "../../manifest/error.ts";
import type {
	AccountsStep,
	DatabaseDropStep,
	DatabaseSwapStep,
	DumpStep,
	EmbedStep,
	LoadStep,
} from "../step-database.ts";
import type { StepWork } from "../work.ts";
import { shortFacts } from "./described.ts";

/** The note of a `dump` step: what goes into the archives. */
export interface Dumped {
	readonly databases: readonly DumpedDatabase[];
}
export interface DumpedDatabase {
	readonly dump: Dump;
	readonly facts: DumpFacts;
	/** The dump's path; nothing is there when it is streamed. */
	readonly file: string;
	/** The file with its accounts. */
	readonly accounts?: string;
	/** SHA-256 of these files, in hex, by path; of a streamed dump it is known later. */
	readonly digests: Readonly<Record<string, string>>;
}

export const dump: StepWork<DumpStep> = {
	async run({ dump, file, streamed = false }, context) {
		const folder = dirname(file);
		await mkdir(folder, { recursive: true, mode: 0o700 });
		const databases: DumpedDatabase[] = [];
		let bytes = 0;
		const warnings: string[] = [];
		for (const one of await meant(dump, context.signal)) {
			const at = join(folder, dumpFile(one));
			// What a run left which could not tidy up.
			for (const stale of [at, accountsFile(at)]) await rm(stale, { force: true });
			const database = await openDatabase(one, context.signal);
			const all = await database.facts();
			const facts = shortFacts(all);
			const digests: Record<string, string> = {};
			if (database.kind !== "server" && facts !== all)
				throw new HoldfastError(
					"failed",
					`what the server says of the ${dumpLabel(one)} is too long to be kept`,
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
			if (!streamed) {
				const content = await database.dump(at, context);
				warnings.push(...(content.warnings ?? []));
				bytes += await spool(content, at, digests, context.signal);
			}
			context.point("dumped");
			databases.push({ dump: one, facts, file: at, ...accounts, digests });
		}
		context.note({ databases } satisfies Dumped);
		return {
			...(streamed ? {} : { bytes }),
			...(warnings.length > 0 ? { warnings } : {}),
		};
	},
	async undo({ file }) {
		await removeTree(dirname(file));
	},
};

/** The database that is named, or all that the server has now. */
async function meant(dump: Dump, signal: AbortSignal): Promise<Dump[]> {
	if (!isServerDump(dump) || databaseOf(dump) !== ALL) return [dump];
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
		if (Buffer.byteLength(text) > MOST_ACCOUNTS)
			throw new HoldfastError(
				"failed",
				`they are longer than the ${MOST_ACCOUNTS / 1024 ** 2} MiB that a restore reads`,
			);
		await writeSynced(file, text);
		digests[file] = sha256(text);
		return { accounts: file };
	} catch (error) {
		if (facts !== undefined) throw error;
		// Whoever may read the data may not always read the accounts. Without them the dump is still whole.
		const { message, details = [] } = reportOf(error);
		warnings.push(`the accounts of the ${dumpLabel(dump)} are left out: ${[message, ...details].join(": ")}`);
		return {};
	}
}

async function spool(
	content: Awaited<ReturnType<ServerDatabase["dump"]>>,
	file: string,
	digests: Record<string, string>,
	signal: AbortSignal,
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
		// The program's own words are better than those of its broken pipe.
		await content.whole;
		throw error;
	}
}

/** The note of an `accounts` step: those that it makes. */
interface Made {
	readonly accounts: readonly string[];
}

/** Whether a file of an archive is just what this machine wrote. Fails where it was that, and is not now. */
async function isAsWritten(
	{ dump, known, agreed }: AccountsStep | LoadStep,
	of: "dump" | "accounts",
	file: string,
): Promise<boolean> {
	if (known === undefined || known[of].length === 0) return false;
	let digest: string | undefined;
	const hash = digesting((found) => {
		digest = found;
	});
	await pipeline(createReadStream(file), hash, async (chunks) => {
		for await (const _ of chunks);
	});
	if (digest !== undefined && known[of].includes(digest)) return true;
	if (agreed || !known.here) return false;
	throw new HoldfastError(
		"failed",
		of === "dump"
			? `the dump of the ${dumpLabel(dump)} in the archive is not the one that this machine wrote there`
			: `the accounts of the ${dumpLabel(dump)} in the archive are not those that this machine wrote there`,
		{
			hint: "the archive is damaged, or somebody changed it; if you know why and trust it, restore it with --trust-archive",
		},
	);
}

export const accounts: StepWork<AccountsStep> = {
	async run(step, { note, point, signal }) {
		const { dump, file, facts, agreed = false } = step;
		const trusted = (await isAsWritten(step, "accounts", file)) || agreed;
		const held = await heldIn(file);
		const database = await openDatabase(dump, signal);
		const missing = await database.missing(held);
		if (missing.length > 0) note({ accounts: missing } satisfies Made);
		const leftOut = await database.createAccounts(held, missing, { facts, trusted });
		const still = missing.length > 0 ? await database.missing(held) : [];
		const made = missing.filter((name) => !still.includes(name));
		const warnings = [
			...(made.length > 0 ? [`made the accounts ${made.join(", ")}, which this server did not have`] : []),
			...leftOut,
		];
		point("made");
		return warnings.length > 0 ? { warnings } : undefined;
	},
	async undo({ id, dump }, { noteOf }) {
		const made = noteOf(id) as Made | undefined;
		if (made) await (await openDatabase(dump)).dropAccounts(made.accounts);
	},
};

/** Bytes of a file with accounts, at most: a database has some, and an archive's could be anything. */
const MOST_ACCOUNTS = 64 * 1024 * 1024;

async function heldIn(file: string): Promise<unknown> {
	try {
		const { size } = await stat(file);
		if (size > MOST_ACCOUNTS) throw new Error(`it has more than ${MOST_ACCOUNTS / 1024 ** 2} MiB`);
		return JSON.parse(await readFile(file, "utf8"));
	} catch (cause) {
		throw new HoldfastError("failed", `${file} cannot be read: ${(cause as Error).message}`, {
			cause,
			hint: "the archive is damaged, or somebody changed it",
		});
	}
}

/** Facts that were too long for the archive's description. */
function longFacts(held: unknown): Readonly<Record<string, unknown>> {
	const found = v.safeParse(v.object({ facts: v.record(v.string(), v.unknown()) }), held);
	return found.success ? found.output.facts : {};
}

/** The note of a `load` step. */
interface Loaded {
	readonly began: true;
	/** What the swap must know of it. */
	readonly rest?: unknown;
}

export const load: StepWork<LoadStep> = {
	async run(step, context) {
		const { dump, file, facts, known, as, agreed = false } = step;
		context.note({ began: true } satisfies Loaded);
		const written = await isAsWritten(step, "dump", file);
		const whole =
			written && (step.accounts === undefined || (await isAsWritten(step, "accounts", step.accounts)));
		const database = await openDatabase(dump, context.signal);
		const accounts = step.accounts === undefined ? undefined : await heldIn(step.accounts);
		const { rest, warnings } = await database.load(
			{
				file,
				facts: {
					...longFacts(accounts),
					// What the archive says of it is somebody's word, also where the file is as it was written.
					...((written ? known?.facts : undefined) ?? facts),
				},
				accounts,
				trust: agreed ? "agreed" : whole ? "written" : "none",
			},
			as,
			context,
		);
		context.note({ began: true, rest } satisfies Loaded);
		context.point("loaded");
		return warnings.length > 0 ? { warnings } : undefined;
	},
	// While a swap is not taken back, part of what is live may be in it.
	undoesLast: true,
	async undo({ id, dump, as }, { noteOf }) {
		if (noteOf(id) !== undefined) await (await openDatabase(dump)).unload(as);
	},
};

/** What it makes goes with the extracted folder that it is in. */
export const embed: StepWork<EmbedStep> = {
	async run({ dump, file, facts, folder, to }, { signal }) {
		const database = await openDatabase(dump, signal);
		const [above, name] = split(`/${to}`);
		await inArea(folder, async (parent, within) => {
			using home = descend(parent, within + above);
			await database.put(file, facts, home, name);
		});
	},
};

/** The note of a swap. */
export interface Swapped {
	readonly began: true;
	/** Null until there is something to remember; undefined in journals of 0.1.0, which remembered elsewhere. */
	readonly memory?: SwapMemory | null;
}

export const databaseSwap: StepWork<DatabaseSwapStep> = {
	async run({ id, dump, fresh, old, loaded, rest }, { note, noteOf, point, signal }) {
		const before = noteOf(id) as Swapped | undefined;
		if (before === undefined) note({ began: true, memory: null } satisfies Swapped);
		await (await openDatabase(dump)).swap({
			...{ fresh, live: databaseOf(dump), old, point, signal },
			rest: loaded === undefined ? (rest ?? null) : (noteOf(loaded) as Loaded | undefined)?.rest,
			memory: before?.memory ?? null,
			keep: (memory) => note({ began: true, memory } satisfies Swapped),
		});
		point("swapped");
	},
	async undo({ id, dump, fresh, old, rest }, { noteOf, point }) {
		const note = noteOf(id) as Swapped | undefined;
		if (note === undefined) return;
		await (await openDatabase(dump)).swapBack({
			...{ fresh, live: databaseOf(dump), old, point },
			rest,
			memory: note.memory,
		});
		point("back");
	},
	async whereabouts({ dump, fresh, old }) {
		const database = await openDatabase(dump);
		const name = databaseOf(dump);
		const there: string[] = [];
		if (await database.exists(old)) there.push(`the database ${name} as it was before is ${old}`);
		if (await database.exists(fresh)) there.push(`the database ${name} of the archive is ${fresh}`);
		return there;
	},
};

export const databaseDrop: StepWork<DatabaseDropStep> = {
	async run({ dump, name }) {
		await (await openDatabase(dump)).drop(name);
	},
};
