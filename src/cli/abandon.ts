// holdfast recover --abandon RUN: the last resort for a run, or a journal, that no available version can continue.

import { loadMachines } from "../config/load.ts";
import { places } from "../host/places.ts";
import type { Reporter } from "../report/reporter.ts";
import { abandon, abandonJournal, type Left, leftBy, leftIn, leftInJournal } from "../run/abandon.ts";
import { Journal } from "../run/journal.ts";
import { WHOLE } from "../run/journal-file.ts";
import { takeLock } from "../run/lock.ts";
import { isForeign } from "../run/plan-shape.ts";
import { newRunId } from "../run/run-id.ts";
import { counted } from "../values/counted.ts";
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
		return await untilUndone(() =>
			run === WHOLE ? giveUpJournal(out, flags) : giveUp(out, flags, run.split(",")),
		);
	} finally {
		lock.release();
	}
}

/** It has moved no data; a unit that it stopped is among the lines. */
const isBackup = ({ open }: Left) => open?.operation === "create";

/** `named`: ids of runs, or destinations, for whatever any run has left to do there. */
async function giveUp(out: Reporter, flags: Flags, named: readonly string[]): Promise<number> {
	using journal = Journal.open(places().state);
	const all = await whatOf(journal, named);
	for (const left of all) tell(out, flags, [`run ${left.run}${doing(left)}`], left.lines);
	const open = all.filter((left) => left.open !== undefined);
	if (open.length > 0 && !flags.quiet)
		out.say(["", open.every(isBackup) ? "None of this is changed." : NOTHING_DELETED]);
	const [first] = all;
	const runs = all.length === 1 ? `run ${first?.run}` : counted(all.length, "run");
	const paths = named.filter(isPath);
	const isWhole = paths.length < named.length;
	const what = isWhole ? runs : `what ${runs} left to do in ${paths.join(", ")}`;
	await confirm(
		`Give up ${what}${isWhole ? ` as ${all.length === 1 ? "it is" : "they are"}` : ""}?`,
		flags.yes,
		open.length > 0
			? `${all.length === 1 ? "the run" : counted(open.length, "run")} will be neither finished nor undone`
			: "the rest of the work will not be done",
		"what it left behind is listed above; to give it up: --yes",
	);
	for (const left of all) abandon(journal, left);
	await out.result({
		kind: "answer",
		value: {
			abandoned: all.map(({ run }) => run).join(","),
			left: all.flatMap(({ lines }) => lines),
		},
		text: [],
	});
	out.note(`gave up ${what}${open.length > 0 ? "; other runs can start again" : ""}`);
	return EXIT.done;
}

const isPath = (name: string) => name.includes("/");

/** Each run once: whole, if it is named. */
async function whatOf(journal: Journal, named: readonly string[]): Promise<Left[]> {
	const paths = named.filter(isPath);
	for (const path of paths)
		if (leftIn(journal, [path]).length === 0)
			throw new HoldfastError("run-not-found", `no run has anything left to do in ${path}`, {
				subject: path,
			});
	const ids = new Set(named.filter((name) => !isPath(name)));
	const whole: Left[] = [];
	for (const id of ids) whole.push(await leftBy(journal, id));
	return [...whole, ...leftIn(journal, paths).filter(({ run }) => !ids.has(run))];
}

function doing({ open, paths }: Left): string {
	if (paths !== undefined)
		return ` could not finish its work in ${paths.join(", ")}, which is retried before each run`;
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
	if (!flags.quiet) out.say(["", NOTHING_DELETED]);
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
	out.say([...head, "", ...found]);
}
