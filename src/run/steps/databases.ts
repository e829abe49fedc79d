// A state's databases. Before a backup they are looked at, and dumped unless the engine takes the dump as it is made.
// On restore those of a server are loaded beside the live ones, then swapped; those that are files are put into the
// folders that were extracted.
import { mkdir, readFile, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as v from "valibot";
import type { DatabaseAccount, DumpFacts, ServerDatabase } from "../../databases/database.ts";
import { openDatabase } from "../../databases/registry.ts";
import { removeTree, syncPath, writeSynced } from "../../host/files.ts";
import { descend, split } from "../../host/folder.ts";
import { inArea } from "../../host/private-area.ts";
import { ALL, type Dump, databaseOf, dumpFile, isServerDump, withDatabase } from "../../manifest/dumps.ts";
import type {
	AccountsStep,
	DatabaseDropStep,
	DatabaseSwapStep,
	DumpStep,
	EmbedStep,
	LoadStep,
} from "../step.ts";
import type { StepContext, StepWork } from "../work.ts";

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
}

export const dump: StepWork<DumpStep> = {
	async run({ dump, file, streamed = false }, context) {
		const folder = dirname(file);
		await mkdir(folder, { recursive: true, mode: 0o700 });
		const databases: DumpedDatabase[] = [];
		let bytes = 0;
		for (const one of await meant(dump)) {
			const at = join(folder, dumpFile(one));
			// What a run left which could not tidy up.
			for (const stale of [at, accountsFile(at)]) await rm(stale, { force: true });
			const database = await openDatabase(one);
			const facts = await database.facts();
			const accounts =
				database.kind === "server" ? await writeAccounts(database, accountsFile(at), context) : {};
			if (!streamed) {
				const content = await database.dump(at, context);
				bytes += await spool(content, at, context.signal);
			}
			context.point("dumped");
			databases.push({ dump: one, facts, file: at, ...accounts });
		}
		context.note({ databases } satisfies Dumped);
		return streamed ? undefined : { bytes };
	},
	async undo({ file }) {
		await removeTree(dirname(file));
	},
};

/** The database that is named, or all that the server has now. */
async function meant(dump: Dump): Promise<Dump[]> {
	if (!isServerDump(dump) || databaseOf(dump) !== ALL) return [dump];
	const names = await (await openDatabase(dump)).list();
	return names.filter((name) => !dump.except?.includes(name)).map((name) => withDatabase(dump, name));
}

const accountsFile = (dump: string) => dump.replace(/\.dump$/, ".accounts.json");

async function writeAccounts(database: ServerDatabase, file: string, { log }: StepContext) {
	try {
		const accounts = await database.accounts();
		if (accounts.length === 0) return {};
		await writeSynced(file, JSON.stringify(accounts));
		return { accounts: file };
	} catch (error) {
		// Whoever may read the data may not always read the accounts. Without them the dump is still whole.
		log(`its accounts are left out: ${(error as Error).message}`);
		return {};
	}
}

async function spool(
	content: Awaited<ReturnType<ServerDatabase["dump"]>>,
	file: string,
	signal: AbortSignal,
): Promise<number> {
	const { createWriteStream } = await import("node:fs");
	const { pipeline } = await import("node:stream/promises");
	try {
		const output = createWriteStream(file, { flags: "wx", mode: 0o600, flush: true });
		await pipeline(content.output, output, { signal });
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

const accountsSchema = v.array(v.object({ name: v.string(), statements: v.array(v.string()) }));

export const accounts: StepWork<AccountsStep> = {
	async run({ dump, file }, { note, point }) {
		const held: readonly DatabaseAccount[] = v.parse(
			accountsSchema,
			JSON.parse(await readFile(file, "utf8")),
		);
		const database = await openDatabase(dump);
		const missing = await database.missing(held.map(({ name }) => name));
		if (missing.length === 0) return undefined;
		note({ accounts: missing } satisfies Made);
		await database.createAccounts(held.filter(({ name }) => missing.includes(name)));
		point("made");
		return { warnings: [`made the accounts ${missing.join(", ")}, which this server did not have`] };
	},
	async undo({ id, dump }, { noteOf }) {
		const made = noteOf(id) as Made | undefined;
		if (made) await (await openDatabase(dump)).dropAccounts(made.accounts);
	},
};

export const load: StepWork<LoadStep> = {
	async run({ dump, file, facts, as }, context) {
		context.note({ began: true });
		await (await openDatabase(dump)).load(file, facts, as, context);
		context.point("loaded");
	},
	// While a swap is not taken back, part of what is live may be in it.
	undoesLast: true,
	async undo({ id, dump, as }, { noteOf }) {
		if (noteOf(id) !== undefined) await (await openDatabase(dump)).drop(as);
	},
};

/** What it makes goes with the extracted folder that it is in. */
export const embed: StepWork<EmbedStep> = {
	async run({ dump, file, facts, folder, to }) {
		const database = await openDatabase(dump);
		const [above, name] = split(`/${to}`);
		await inArea(folder, async (parent, within) => {
			using home = descend(parent, within + above);
			await database.put(file, facts, home, name);
		});
	},
};

export const databaseSwap: StepWork<DatabaseSwapStep> = {
	async run({ dump, fresh, old }, { note, point }) {
		note({ began: true });
		await (await openDatabase(dump)).swap(fresh, databaseOf(dump), old, point);
		point("swapped");
	},
	async undo({ id, dump, fresh, old }, { noteOf, point }) {
		if (noteOf(id) === undefined) return;
		await (await openDatabase(dump)).swapBack(fresh, databaseOf(dump), old, point);
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
