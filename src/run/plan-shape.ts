// Plans as the journal holds them: of this version, of an older one, or of a newer one that knows steps which this one
// does not. What is not understood is named, and nothing of it is done or undone.
import * as v from "valibot";
import { PRIVATE } from "../host/private-area.ts";
import type { SwapMode } from "../host/survey.ts";
import { withKeysOfToday } from "../manifest/old-keys.ts";
import type { Plan, Step, StepKind } from "../steps/plan.ts";
import { VERSION } from "../values/version.ts";

/** The form of plans that this program writes. */
const PLAN_VERSION = 1;
/** Characters of what is quoted. */
const LONGEST = 200;

/** A step, as far as every version says it. */
export interface OutlineStep {
	readonly id: string;
	readonly kind: string;
	readonly title: string;
	readonly touches: readonly string[];
	/** Paths in private folders that it names. */
	readonly areas?: readonly string[];
}

/** What can be told of a run whatever wrote it. */
export interface Outline {
	readonly run: string;
	readonly operation: string;
	readonly machine: string;
	readonly steps: readonly OutlineStep[];
	/** The version of Holdfast that began it, if it can be told. */
	readonly program?: string;
}

/** A run that this version must not touch, and why. */
export interface ForeignRun extends Outline {
	readonly foreign: string;
}
export type KnownRun = Plan | ForeignRun;

export const isForeign = (run: KnownRun): run is ForeignRun => "foreign" in run;

const MODES: Readonly<Record<SwapMode, true>> = { rename: true, entries: true };

const text = v.string();
const place = v.looseObject({
	folder: text,
	stored: text,
	live: text,
	mode: v.picklist(Object.keys(MODES)),
	area: text,
	staged: text,
	old: text,
});
const unit = v.looseObject({ unit: text, user: v.optional(text) });
const somePlace = v.looseObject({ stored: text, staged: text });
const dump = v.looseObject({});

/** Fields that mean the same in whichever kind of step they are. */
const FIELDS = {
	place,
	units: v.array(v.union([unit, text])),
	area: text,
	areas: v.array(text),
	state: text,
	spec: v.looseObject({}),
	stopped: text,
	nested: text,
	provider: text,
	destination: text,
	archive: text,
	dump,
	file: text,
	as: text,
	fresh: text,
	old: text,
	name: text,
	path: text,
	from: text,
	user: text,
	home: text,
	databases: v.array(v.looseObject({ dump, old: text })),
	folders: v.array(text),
} as const;
type Field = keyof typeof FIELDS;

/** Every kind that this version knows, and what its work and its undo cannot be without. */
const NEEDED: { readonly [K in StepKind]: readonly Field[] } = {
	hook: ["state", "spec"],
	"folders-present": ["folders"],
	"units-stop": ["units"],
	"units-down": ["stopped"],
	"units-start": ["units", "stopped"],
	settle: ["stopped"],
	"archive-create": ["provider", "destination", "archive"],
	dump: ["dump", "file"],
	accounts: ["dump", "file"],
	load: ["dump", "file", "as"],
	embed: ["dump", "file"],
	"database-swap": ["dump", "fresh", "old"],
	"database-drop": ["dump", "name"],
	area: ["area"],
	stage: ["area", "archive"],
	aside: ["place"],
	place: ["place"],
	carry: ["place", "nested"],
	discard: ["areas"],
	keep: ["state", "databases"],
	account: ["user", "home"],
	"file-put": ["path", "from"],
	"file-take": ["path"],
	"units-reload": ["units"],
	check: [],
	preflight: [],
	holders: [],
	"engine-restore": ["archive"],
	overwrite: ["archive"],
	extract: ["archive"],
	commit: [],
	"archives-check": ["provider", "destination"],
	"archives-prune": ["provider", "destination"],
	timers: [],
};

const outlineStep = v.looseObject({
	id: text,
	kind: text,
	title: text,
	scope: text,
	touches: v.optional(v.array(text), []),
});
const planSchema = v.looseObject({
	version: v.literal(PLAN_VERSION),
	run: text,
	operation: text,
	manifest: v.looseObject({ machine: text, state: v.looseObject({}), providers: v.looseObject({}) }),
	steps: v.array(outlineStep),
	goals: v.array(text),
});

/** The plan of a run, or what can be told of one that is not understood. Never throws. */
export function readPlan(run: string, stored: unknown): KnownRun {
	const value = jsonIn(stored);
	const fault = value === undefined ? "its plan is damaged" : faultOf(run, value);
	if (fault !== undefined) return { ...outlineOf(run, value), foreign: fault };
	const { program: _, ...plan } = value as Plan & { readonly program?: unknown };
	return { ...plan, manifest: withKeysOfToday(plan.manifest) as Plan["manifest"] };
}

export function outlineOf(run: string, value: unknown): Outline {
	const given = (value ?? {}) as Record<string, unknown>;
	const steps = Array.isArray(given.steps) ? given.steps : [];
	const manifest = given.manifest as { machine?: unknown } | null | undefined;
	return {
		run,
		operation: word(given.operation),
		machine: word(manifest?.machine),
		steps: steps.flatMap((step) => {
			const { id, kind, title, touches } = (step ?? {}) as Record<string, unknown>;
			if (typeof id !== "string") return [];
			return [
				{
					id,
					kind: word(kind),
					title: typeof title === "string" ? title : id,
					touches: Array.isArray(touches) ? touches.filter((one) => typeof one === "string") : [],
					areas: privatePathsIn(step),
				},
			];
		}),
		...(typeof given.program === "string" ? { program: given.program.slice(0, LONGEST) } : {}),
	};
}

/** Every path in a private folder that a value names anywhere. */
export function privatePathsIn(value: unknown): string[] {
	if (typeof value === "string") return value.startsWith("/") && value.includes(`/${PRIVATE}`) ? [value] : [];
	if (typeof value !== "object" || value === null) return [];
	return [...new Set(Object.values(value).flatMap(privatePathsIn))];
}

function faultOf(run: string, value: unknown): string | undefined {
	const { version, steps } = value as { version?: unknown; steps?: unknown };
	if (typeof version === "number" && version > PLAN_VERSION)
		return `its plan has version ${version}, and Holdfast ${VERSION} knows ${PLAN_VERSION}`;
	const strange = (Array.isArray(steps) ? steps : []).map((step) => step?.kind).filter(isUnknown);
	if (strange.length > 0)
		return `Holdfast ${VERSION} does not know ${[...new Set(strange)].map((kind) => `the kind of step "${word(kind)}"`).join(", ")}`;
	const found = v.safeParse(planSchema, value, { abortEarly: true });
	if (!found.success) return `its plan is not understood: ${issueOf(found.issues)}`;
	if (found.output.run !== run) return "its plan is that of another run";
	for (const step of found.output.steps) {
		const fault = stepFault(step);
		if (fault !== undefined) return `its step ${word(step.id)} is not understood: ${fault}`;
	}
	return undefined;
}

const isUnknown = (kind: unknown) => typeof kind !== "string" || !Object.hasOwn(NEEDED, kind);

function stepFault(step: Readonly<Record<string, unknown>> & { readonly kind: string }): string | undefined {
	for (const field of NEEDED[step.kind as StepKind]) {
		const { success, issues } = v.safeParse(FIELDS[field], step[field], { abortEarly: true });
		if (!success) return `${field}: ${issueOf(issues)}`;
	}
	const { places } = step;
	if (places === undefined) return undefined;
	// Of an archive's dumps only where they are put is said.
	const { success, issues } = v.safeParse(v.array(v.union([place, somePlace])), places, { abortEarly: true });
	return success ? undefined : `places: ${issueOf(issues)}`;
}

function issueOf([issue]: readonly v.BaseIssue<unknown>[]): string {
	if (issue === undefined) return "";
	const path = v.getDotPath(issue);
	const what = issue.received === "undefined" ? "is missing" : issue.message;
	return `${path === null ? "it" : `${path}:`} ${what}`.slice(0, LONGEST);
}

const word = (value: unknown) => (typeof value === "string" ? value.slice(0, LONGEST) : "?");

function jsonIn(stored: unknown): unknown {
	try {
		const value: unknown = JSON.parse(String(stored));
		return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
	} catch {
		return undefined;
	}
}

/** A step that was left to be done later; undefined when it is not understood. */
export function readStep(stored: unknown): Step | undefined {
	const value = jsonIn(stored);
	const { success, output } = v.safeParse(outlineStep, value, { abortEarly: true });
	if (!success || isUnknown(output.kind) || stepFault(output) !== undefined) return undefined;
	return value as Step;
}
