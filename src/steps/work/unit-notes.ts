// What the steps around units write down for each other, for an undo in another process, and for the end of the run.
import type { Unit } from "../../values/unit.ts";
import type { Plan } from "../plan.ts";
import type { Role, Verdict } from "./picture.ts";

/** Of a user's manager, or of the one that is ours. */
export type Known = Verdict & { readonly user?: string };

/** How a unit ended up. */
export interface UnitOutcome {
	readonly unit: string;
	readonly user?: string;
	readonly role: Role;
	readonly wasUp: boolean;
	readonly became: "started" | "kept running" | "left down";
	readonly because: string;
	/** It is down though somebody counts on it. */
	readonly missed?: true;
}

/** The note of a `units-stop` step, made before anything is stopped. */
export interface StopNote {
	readonly units: readonly Known[];
	/** While the machine boots: what was masked until it may start. */
	readonly masked?: readonly Unit[];
	/** What it uses could not be put back. */
	readonly heldDown?: true;
	/** After its undo. */
	readonly became?: readonly UnitOutcome[];
	readonly started?: readonly Started[];
}

/** A unit that is to stay up, as it came up. */
interface Started {
	readonly unit: string;
	readonly user?: string;
	readonly invocation: string;
}

/** The note of a `units-start` step. */
export interface StartNote {
	readonly became: readonly UnitOutcome[];
	readonly started: readonly Started[];
}

/** Of a step that began before Holdfast knew more than which units were up, too. */
export function stopNote(note: unknown): StopNote | undefined {
	if (note === undefined) return undefined;
	const { units, wasUp = [], ...rest } = note as Partial<StopNote> & { readonly wasUp?: readonly Unit[] };
	if (units) return { units, ...rest };
	return {
		units: [...wasUp].reverse().map(({ unit, user }, index) => ({
			...{ unit, ...(user === undefined ? {} : { user }) },
			...{
				role: "own",
				wasUp: true,
				stops: true,
				invocation: "",
				shouldRun: false,
				missed: false,
				ends: false,
			},
			because: "it was running",
			level: index,
		})),
	};
}

/** How a unit ended up, in words. */
export function outcomeWords({ unit, user, role, wasUp, became, because }: UnitOutcome): string {
	const label = user === undefined ? unit : `${unit} of ${user}`;
	if (became === "left down")
		return `${label}: ${wasUp ? "" : "was not running, "}left down, because ${because}`;
	if (became === "kept running") return `${label}: kept running`;
	if (!wasUp) return `${label}: was not running, started, because ${because}`;
	return `${label}: started${role === "own" ? "" : ", since it was stopped along"}`;
}

export function startNote(note: unknown): StartNote | undefined {
	return note as StartNote | undefined;
}

/** The units that the config names. */
export function ownOf(note: StopNote | undefined): readonly Known[] {
	return (note?.units ?? []).filter(({ role }) => role === "own");
}

type NoteOf = (step: string) => unknown;

/** What became of each unit that a run had to do with; in the order in which they were stopped. */
export function unitOutcomes({ steps }: Plan, noteOf: NoteOf): UnitOutcome[] {
	const last = new Map<string, UnitOutcome>();
	for (const step of steps) {
		if (step.kind !== "units-start" && step.kind !== "units-stop") continue;
		const became =
			step.kind === "units-stop"
				? stopNote(noteOf(step.id))?.became
				: stopNote(noteOf(step.stopped))?.became === undefined
					? startNote(noteOf(step.id))?.became
					: undefined;
		for (const one of became ?? []) last.set(JSON.stringify([one.user, one.unit]), one);
	}
	return [...last.values()];
}

/** Why a state's service cannot be asked anything: nobody has started it, and that was said. */
export function whyNotUp({ steps }: Plan, scope: string, noteOf: NoteOf): string | undefined {
	const start = steps.find((step) => step.kind === "units-start" && step.scope === scope);
	const became = start && startNote(noteOf(start.id))?.became.filter(({ role }) => role === "own");
	if (!became || became.length === 0) return undefined;
	const missed = became.find((one) => one.missed);
	const down = missed ?? (became.every((one) => one.became === "left down") ? became[0] : undefined);
	return down && `${down.unit} was left down, because ${down.because}`;
}
