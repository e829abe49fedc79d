// holdfast recover --abandon RUN: the last resort for a run, or a journal, that no available version can continue.

import { loadMachines } from "../config/load.ts";
import { places } from "../host/places.ts";
import type { Reporter } from "../report/reporter.ts";
import { abandon, abandonJournal, type Left, leftBy, leftInJournal } from "../run/abandon.ts";
import { Journal } from "../run/journal.ts";
import { WHOLE } from "../run/journal-file.ts";
import { takeLock } from "../run/lock.ts";
import { isForeign } from "../run/plan-shape.ts";
import { newRunId } from "../run/run-id.ts";
import { HoldfastError } from "../values/error.ts";
import { EXIT } from "../values/error-codes.ts";
import { wordsOf } from "../values/system-error.ts";
import type { CommonFlags } from "./flags.ts";
import { loading } from "./machines.ts";
import { confirm } from "./operate.ts";
import { untilUndone } from "./signals.ts";

type Flags = CommonFlags & { readonly yes: boolean };

const NOTHING_DELETED =
	"None of this is changed. Before the next restore, move back by hand what a service needs, start its units, and delete the rest.";

export async function abandonRun(out: Reporter, flags: Flags, run: string): Promise<number> {
	const lock = takeLock(places().runtime, `holdfast recover --abandon ${run}`);
	try {
		return await untilUndone(() => (run === WHOLE ? giveUpJournal(out, flags) : giveUp(out, flags, run)));
	} finally {
		lock.release();
	}
}

async function giveUp(out: Reporter, flags: Flags, id: string): Promise<number> {
	using journal = Journal.open(places().state);
	const left = await leftBy(journal, id);
	tell(out, flags, [`run ${id}${doing(left)}`], left.lines);
	await confirm(
		`Give up run ${id} as it is?`,
		flags.yes,
		left.open ? "the run will be neither finished nor undone" : "the rest of its work will not be done",
		"what it left behind is listed above; to give it up: --yes",
	);
	abandon(journal, left);
	await out.result({ kind: "answer", value: { abandoned: id, left: left.lines }, text: [] });
	out.note(`gave up run ${id}${left.open ? "; other runs can start again" : ""}`);
	return EXIT.done;
}

function doing({ open }: Left): string {
	if (open === undefined) return " has ended; the work that it could not do is retried before each run";
	return isForeign(open)
		? `, ${open.operation} of ${open.machine}: ${open.foreign}`
		: `, ${open.operation} of ${open.manifest.machine}; this version knows all its steps: try 'holdfast recover' first`;
}

async function giveUpJournal(out: Reporter, flags: Flags): Promise<number> {
	const folder = places().state;
	const why = faultOf(folder);
	if (why === undefined)
		throw new HoldfastError("usage", `the journal in ${folder} is readable and will not be set aside`, {
			hint: "name the run that can be neither finished nor rolled back: holdfast recover --abandon RUN",
		});
	const lines = leftInJournal(folder, await declaredFolders(flags));
	tell(out, flags, [why], lines);
	await confirm(
		"Set the journal aside and create a new one?",
		flags.yes,
		"its records of interrupted runs, kept copies and archives will be lost",
		"what it left behind is listed above; to set it aside: --yes",
	);
	const aside = abandonJournal(folder, newRunId());
	await out.result({ kind: "answer", value: { abandoned: WHOLE, aside, left: lines }, text: [] });
	out.note(
		aside === undefined
			? "created a new journal; the old one was gone"
			: `moved the journal to ${aside} and created a new one; keep the old one until everything works`,
	);
	return EXIT.done;
}

function faultOf(folder: string): string | undefined {
	try {
		using journal = Journal.open(folder);
		// Only a full read finds a damaged page.
		journal.verify();
		return undefined;
	} catch (error) {
		return wordsOf(error);
	}
}

/** The folders of every machine of the config: the caller may not know which of them this machine is. */
async function declaredFolders(flags: Flags): Promise<string[]> {
	try {
		const machines = await loadMachines(flags.config, loading);
		return [...machines.values()].flatMap(({ state }) =>
			Object.values(state).flatMap(({ folders }) => folders),
		);
	} catch {
		return [];
	}
}

function tell(out: Reporter, { quiet }: Flags, head: readonly string[], lines: readonly string[]): void {
	if (quiet) return;
	const found =
		lines.length > 0 ? lines.map((line) => `! ${line}`) : ["nothing was found that it left behind"];
	out.say([...head, "", ...found, "", NOTHING_DELETED]);
}
