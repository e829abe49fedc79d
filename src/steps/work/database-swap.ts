// Swap a newly loaded database with the live one, and back.
import type { Completion, Swap } from "../../databases/database.ts";
import { databaseOf, dumpLabel, openDatabase, requireFreeName } from "../../databases/dump.ts";
import type { StepContext } from "../context.ts";
import { type DatabaseSwapStep, type Swapped, databaseSwap as swapKind } from "../database-swap.ts";
import { load } from "../load.ts";
import type { StepWork } from "../step.ts";

export const databaseSwap: StepWork<DatabaseSwapStep, Swapped, Swapped> = {
	about: ({ dump }) => databaseOf(dump),
	async run(step, context) {
		const { dump, fresh, old, into } = step;
		const { note, noted, point, signal } = context;
		const before = noted();
		const others = othersOf(step, context);
		if (before === undefined && into !== undefined) await requireFreeName(dump, into);
		if (before === undefined) note({ began: true, memory: null });
		const warnings: string[] = [];
		await (await openDatabase(dump)).swap({
			...{ fresh, live: into ?? databaseOf(dump), old, point, signal, mustBeNew: into !== undefined },
			rest: restOf(step, context),
			withOthers: others.length > 0,
			memory: before?.memory ?? null,
			keep: (memory) => note({ began: true, memory }),
			warn: (line) => warnings.push(line),
		});
		point("swapped");
		if (others.every(({ id }) => context.isDone(id)))
			for (const one of others.length > 0 ? [...others, step] : [])
				await completed(one, { rest: restOf(one, context), warn: (line) => warnings.push(line), signal });
		return warnings.length > 0 ? { warnings } : undefined;
	},
	async beforeUndo({ scope, dump, fresh }, { plan, note, noted, unwatched, leaves }) {
		const known = noted();
		// The undo of an undo keeps it anyway.
		if (!unwatched(scope)?.unitsWereUp || !known || known.written || plan.operation === "undo") return;
		note({ ...known, written: true });
		leaves(
			`the ${dumpLabel(dump)} may have been written to between the restore and its undo: the restored data with these changes are kept as the database ${fresh}; copy from it what you need, then drop it`,
		);
	},
	async undo(step, context) {
		const { dump, fresh, old, into, rest } = step;
		const { noted, point, leaves } = context;
		const note = noted();
		if (note === undefined) return;
		const others = othersOf(step, context).filter(({ id }) => context.handedBy(swapKind, id) !== undefined);
		await (await openDatabase(dump)).swapBack({
			...{ fresh, live: into ?? databaseOf(dump), old, point },
			rest,
			memory: note.memory,
			warn: leaves,
			withOthers: others.length > 0,
			forUse: note.written === true,
		});
		point("back");
		// Steps are undone in reverse: this is the last one.
		if (context.plan.steps.findIndex(({ id }) => id === step.id) > firstOf(others, context)) return;
		for (const one of others.length > 0 ? [...others, step] : [])
			await completed(one, {
				aside: context.handedBy(swapKind, one.id)?.memory?.aside,
				warn: leaves,
			});
	},
	async whereabouts({ dump, fresh, old }) {
		const database = await openDatabase(dump);
		const name = databaseOf(dump);
		const there: string[] = [];
		if (await database.exists(old)) there.push(`the previous database ${name} is now ${old}`);
		if (await database.exists(fresh)) there.push(`the database ${name} from the archive is ${fresh}`);
		return there;
	},
};

/** The other databases that are swapped with it. */
function othersOf({ id, scope }: DatabaseSwapStep, { plan }: Pick<StepContext, "plan">): DatabaseSwapStep[] {
	return swapKind.among(plan.steps).filter((one) => one.scope === scope && one.id !== id);
}

/** The place in the plan of the first of them. */
function firstOf(steps: readonly DatabaseSwapStep[], { plan }: Pick<StepContext, "plan">): number {
	const ids = new Set<string>(steps.map(({ id }) => id));
	const place = plan.steps.findIndex(({ id }) => ids.has(id));
	return place < 0 ? Number.POSITIVE_INFINITY : place;
}

function restOf({ loaded, rest }: DatabaseSwapStep, { handedBy }: Pick<StepContext, "handedBy">): unknown {
	return loaded === undefined ? (rest ?? null) : handedBy(load, loaded)?.rest;
}

async function completed(
	{ dump, into }: DatabaseSwapStep,
	what: Completion & Pick<Swap, "warn" | "signal">,
): Promise<void> {
	await (await openDatabase(dump)).complete?.({ live: into ?? databaseOf(dump), ...what });
}
