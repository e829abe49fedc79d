// Plans in the journal: of this version, an older one, or a newer one with steps that this one does not know. What cannot
// be parsed is named, and nothing of it is done or undone.
import * as v from "valibot";
import { PRIVATE } from "../host/private-area.ts";
import { withCurrentKeys } from "../manifest/old-keys.ts";
import { RENAMED_KINDS, STEP_KINDS } from "../steps/list.ts";
import type { Plan, Step } from "../steps/plan.ts";
import { VERSION } from "../values/version.ts";

/** The version of plans that this program writes. */
const PLAN_VERSION = 1;
/** The most characters of a quoted value. */
const LONGEST = 200;

/** The part of a step that is the same in every version. */
export interface OutlineStep {
	readonly id: string;
	readonly kind: string;
	readonly title: string;
	readonly touches: readonly string[];
	/** Paths in private folders that the step names. */
	readonly areas?: readonly string[];
}

/** What can be told about a run, whatever version wrote it. */
export interface Outline {
	readonly run: string;
	readonly operation: string;
	readonly machine: string;
	readonly steps: readonly OutlineStep[];
	/** The version of Holdfast that began it, if known. */
	readonly program?: string;
}

/** A run that this version must not touch, and the reason. */
export interface ForeignRun extends Outline {
	readonly foreign: string;
}
export type KnownRun = Plan | ForeignRun;

export const isForeign = (run: KnownRun): run is ForeignRun => "foreign" in run;

const text = v.string();

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

/** The plan of a run, or what can be told about one that cannot be parsed. Never throws. */
export function readPlan(run: string, stored: unknown): KnownRun {
	const value = withCurrentKinds(jsonIn(stored));
	const fault = value === undefined ? "its plan is damaged" : faultOf(run, value);
	if (fault !== undefined) return { ...outlineOf(run, value), foreign: fault };
	const { program: _, ...plan } = value as Plan & { readonly program?: unknown };
	return { ...plan, manifest: withCurrentKeys(plan.manifest) as Plan["manifest"] };
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

/** Every path in a private folder, anywhere in a value. */
export function privatePathsIn(value: unknown): string[] {
	if (typeof value === "string") return value.startsWith("/") && value.includes(`/${PRIVATE}`) ? [value] : [];
	if (typeof value !== "object" || value === null) return [];
	return [...new Set(Object.values(value).flatMap(privatePathsIn))];
}

function faultOf(run: string, value: unknown): string | undefined {
	const { version, steps } = value as { version?: unknown; steps?: unknown };
	if (typeof version === "number" && version > PLAN_VERSION)
		return `its plan has version ${version}; Holdfast ${VERSION} supports ${PLAN_VERSION}`;
	const strange = (Array.isArray(steps) ? steps : []).map((step) => step?.kind).filter(isUnknown);
	if (strange.length > 0)
		return `Holdfast ${VERSION} does not know ${[...new Set(strange)].map((kind) => `the kind of step "${word(kind)}"`).join(", ")}`;
	const found = v.safeParse(planSchema, value, { abortEarly: true });
	if (!found.success) return `its plan cannot be read: ${issueOf(found.issues[0])}`;
	if (found.output.run !== run) return "its plan belongs to another run";
	for (const step of found.output.steps) {
		const fault = stepFault(step);
		if (fault !== undefined) return `its step ${word(step.id)} cannot be read: ${fault}`;
	}
	return undefined;
}

const isUnknown = (kind: unknown) => typeof kind !== "string" || !STEP_KINDS.has(kind);

function stepFault(step: { readonly kind: string }): string | undefined {
	const issue = STEP_KINDS.get(step.kind)?.faultOf(step);
	return issue && issueOf(issue);
}

function issueOf(issue: v.BaseIssue<unknown>): string {
	const [field, ...path] = issue.path?.map(({ key }) => String(key)) ?? [];
	const where = [...(field === undefined ? [] : [field]), path.length === 0 ? "it" : path.join(".")];
	const what = issue.received === "undefined" ? "is missing" : issue.message;
	return `${where.join(": ")}${path.length === 0 ? "" : ":"} ${what}`.slice(0, LONGEST);
}

/** A plan whose steps have the current names of their kinds. */
function withCurrentKinds(plan: unknown): unknown {
	const { steps } = (plan ?? {}) as { readonly steps?: unknown };
	return Array.isArray(steps) ? { ...(plan as object), steps: steps.map(withCurrentKind) } : plan;
}

function withCurrentKind(step: unknown): unknown {
	const { kind } = (step ?? {}) as { readonly kind?: unknown };
	const renamed = typeof kind === "string" ? RENAMED_KINDS.get(kind) : undefined;
	return renamed === undefined ? step : { ...(step as object), kind: renamed.kind };
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

/** A step with remaining work; undefined if it cannot be parsed. */
export function readStep(stored: unknown): Step | undefined {
	const value = withCurrentKind(jsonIn(stored));
	const { success, output } = v.safeParse(outlineStep, value, { abortEarly: true });
	if (!success || isUnknown(output.kind) || stepFault(output) !== undefined) return undefined;
	return value as Step;
}
