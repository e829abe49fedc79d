// On restore the databases of a server are loaded beside the live ones, then swapped; those that are files are put into
// the folders that were extracted.
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import * as v from "valibot";
import type { SwapMemory } from "../../databases/database.ts";
import { databaseOf, dumpLabel, openDatabase } from "../../databases/dump.ts";
import { digesting } from "../../host/digest.ts";
import { descend, split } from "../../host/folder.ts";
import { inArea } from "../../host/private-area.ts";
import { HoldfastError } from "../../values/error.ts";
import { wordsOf } from "../../values/system-error.ts";
import type { StepWork } from "../context.ts";
import type {
	AccountsStep,
	DatabaseDropStep,
	DatabaseSwapStep,
	EmbedStep,
	LoadStep,
} from "../step-database.ts";
import { MOST_ACCOUNTS } from "./dump.ts";

/** Bytes of a file with accounts that is not as this machine wrote it. */
const MOST_OF_ANYBODY = 8 * 1024 * 1024;

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
		"archive-mismatch",
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
		const held = await heldIn(file, trusted);
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

async function heldIn(file: string, isKnown: boolean): Promise<unknown> {
	try {
		const { size } = await stat(file);
		const most = isKnown ? MOST_ACCOUNTS : MOST_OF_ANYBODY;
		if (size > most) throw new Error(`it has more than ${most / 1024 ** 2} MiB`);
		return JSON.parse(await readFile(file, "utf8"));
	} catch (cause) {
		throw new HoldfastError("archive-damaged", `${file} cannot be read: ${wordsOf(cause)}`, {
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
		const accounts = step.accounts === undefined ? undefined : await heldIn(step.accounts, agreed || whole);
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
	async undo({ id, dump, as }, { plan, noteOf }) {
		const isKept = plan.steps.some(
			(step) =>
				step.kind === "database-swap" &&
				step.loaded === id &&
				(noteOf(step.id) as Swapped | undefined)?.written === true,
		);
		if (noteOf(id) !== undefined && !isKept) await (await openDatabase(dump)).unload(as);
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
	/** After the run had died, its units were up: what was swapped in may have been written to, and an undo keeps it. */
	readonly written?: true;
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
	looksFirst: true,
	async beforeUndo({ id, scope, dump, fresh }, { plan, note, noteOf, unwatched, leaves }) {
		const known = noteOf(id) as Swapped | undefined;
		// The undo of an undo keeps it anyway.
		if (!unwatched(scope)?.unitsWereUp || !known || known.written || plan.operation === "undo") return;
		note({ ...known, written: true } satisfies Swapped);
		leaves(
			`the ${dumpLabel(dump)} may have been written to after the restore had put it there and before it was undone: what was restored and written to is kept as the database ${fresh}; take from it what you need, then drop it`,
		);
	},
	async undo({ id, dump, fresh, old, rest }, { noteOf, point }) {
		const note = noteOf(id) as Swapped | undefined;
		if (note === undefined) return;
		await (await openDatabase(dump)).swapBack({
			...{ fresh, live: databaseOf(dump), old, point },
			rest,
			memory: note.memory,
			forUse: note.written === true,
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
