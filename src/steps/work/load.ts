// Load a dump into a new database next to the live one.
import * as v from "valibot";
import { databaseOf, dumpLabel, openDatabase } from "../../databases/dump.ts";
import { accounts as accountsKind } from "../accounts.ts";
import type { StepContext } from "../context.ts";
import { databaseSwap } from "../database-swap.ts";
import type { Loaded, Loading, LoadStep } from "../load.ts";
import type { StepWork } from "../step.ts";
import { heldIn, isAsWritten } from "./as-written.ts";
import { stagedDigest } from "./stage.ts";

export const load: StepWork<LoadStep, Loading, Loaded> = {
	about: ({ dump }) => databaseOf(dump),
	async run(step, context) {
		const { dump, file, facts, known, as, agreed = false } = step;
		context.note({ began: true });
		const written = await isAsWritten(step, "dump", file, stagedDigest(context, file));
		const whole =
			written && (step.accounts === undefined || (await isAsWritten(step, "accounts", step.accounts)));
		const database = await openDatabase(dump, context.signal);
		const accounts = step.accounts === undefined ? undefined : await heldIn(step.accounts, agreed || whole);
		const { rest, warnings } = await database.load(
			{
				file,
				facts: {
					...longFacts(accounts),
					// The archive's metadata are not trusted, even if the file is exactly what this machine wrote.
					...((written ? known?.facts : undefined) ?? facts),
				},
				accounts,
				created: createdFor(step, context),
				trust: agreed ? "agreed" : whole ? "written" : "none",
			},
			as,
			context,
		);
		context.note({ began: true, rest });
		context.point("loaded");
		const said = [
			...warnings,
			...(facts.unnoted === true
				? [
						`when the ${dumpLabel(dump)} was backed up, it could not be found out what a restore leaves out: compare it with what the service needs`,
					]
				: []),
		];
		return said.length > 0 ? { warnings: said } : undefined;
	},
	async undo({ id, dump, as }, { plan, noted, handedBy }) {
		const isKept = databaseSwap
			.among(plan.steps)
			.some((swap) => swap.loaded === id && handedBy(databaseSwap, swap.id)?.written === true);
		if (noted() !== undefined && !isKept) await (await openDatabase(dump)).unload(as);
	},
};

/** The accounts of this dump that did not exist before this run. */
function createdFor({ accounts: file }: LoadStep, { plan, handedBy }: StepContext): readonly string[] {
	return accountsKind
		.among(plan.steps)
		.filter((one) => one.file === file)
		.flatMap(({ id }) => handedBy(accountsKind, id)?.accounts ?? []);
}

/** Facts that were too long for the archive's metadata. */
function longFacts(held: unknown): Readonly<Record<string, unknown>> {
	const found = v.safeParse(v.object({ facts: v.record(v.string(), v.unknown()) }), held);
	return found.success ? found.output.facts : {};
}
