// Archives of which it is not known whether they are whole: the run that wrote them ended before it knew, and their
// destination has not answered since.
import { archiveCreate } from "../steps/archive-create.ts";
import { counted } from "../values/counted.ts";
import type { Journal } from "./journal.ts";

interface Debt {
	readonly run: string;
	/** The id of the step that it is left of. */
	readonly step: string;
	/** `provider/destination`, as in the config of that run. */
	readonly path: string;
}

function debtsOf(journal: Journal): Debt[] {
	return journal.leftovers().flatMap(({ run, step, work }) =>
		work === undefined
			? []
			: archiveCreate.among([work]).map(({ provider, destination }) => ({
					run,
					step,
					path: `${provider}/${destination}`,
				})),
	);
}

/** By run: the steps of which something is still to do in these destinations. */
export function stepsDueIn(journal: Journal, paths: readonly string[]): Map<string, string[]> {
	const due = debtsOf(journal).filter(({ path }) => paths.includes(path));
	const byRun = [...Map.groupBy(due, ({ run }) => run)];
	return new Map(byRun.map(([run, debts]) => [run, debts.map(({ step }) => step)]));
}

/** Those of runs before the newest one, which has tried again: a line for each destination. `paths`: those of the config. */
export function debtLines(journal: Journal, newest: string | undefined, paths: readonly string[]): string[] {
	const old = debtsOf(journal).filter(({ run }) => run !== newest);
	const byPath = Map.groupBy(old, ({ path }) => path);
	return [...byPath].map(([path, [first, ...more]]) => {
		const runs = `run ${first?.run}${more.length > 0 ? ` and ${counted(more.length, "other")}` : ""}`;
		const gone = paths.includes(path) ? "" : ", which is no longer in the config,";
		return `it is not known whether what ${runs} wrote to ${path}${gone} is whole (to ask there again: holdfast recover; never to ask again: holdfast recover --abandon ${path})`;
	});
}
