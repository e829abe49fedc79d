// Random plans of the kinds that Holdfast makes.
import type { Ref } from "../../src/steps/fields.ts";
import type { Plan } from "../../src/steps/plan.ts";
import { stateScope } from "../../src/steps/scope.ts";
import { type FakeStep, live } from "./works.ts";
import { below, type Random } from "./world.ts";

export const STATES = ["a", "b", "c"];
export const ENTRIES = 3;

/**
 * A restore of some states, phase by phase or one after another; a backup of all to some destinations; a deploy in
 * parts.
 */
export function randomPlan(random: Random, run: string): Plan {
	const kind = random();
	return kind < 0.65 ? restore(random, run) : kind < 0.85 ? backup(random, run) : deploy(run);
}

export const PARTS = ["config", "timers"];

function deploy(run: string): Plan {
	const steps = PARTS.flatMap((part) =>
		["one", "two"].map(
			(file): FakeStep => ({
				...{ kind: "file-put", id: `${part}-${file}`, scope: part, title: file, touches: [] },
				...{ state: part, run, entries: 1, version: run },
			}),
		),
	);
	return planOf("deploy", run, steps, PARTS);
}

function restore(random: Random, run: string): Plan {
	const states = STATES.filter(() => random() < 0.6);
	if (states.length === 0) states.push("a");
	const how = random() < 0.2 ? "in place" : random() < 0.3 ? "keep failed" : "checked";
	const phased = random() < 0.7;
	const parts = states.map((state) => phasesOf(run, state, 1 + below(random, ENTRIES), how));
	const steps = phased
		? (parts[0] ?? []).flatMap((_, phase) => parts.flatMap((phases) => phases[phase] ?? []))
		: parts.flat(2);
	return planOf("restore", run, steps, states.map(scopeOf));
}

function phasesOf(run: string, state: string, entries: number, how: string): FakeStep[][] {
	const one = (kind: string, more: Partial<FakeStep> = {}): FakeStep => ({
		kind,
		id: `${kind}:${state}`,
		scope: scopeOf(state),
		title: `${kind} ${state}`,
		touches: [],
		...{ state, run, entries, version: run },
		...more,
	});
	const stop = one("account", { downForUndo: true });
	const start = one("timers", { stopped: ref(stop) });
	const [commit, discard, check] = [one("commit"), one("discard"), one("check")];
	if (how === "in place") return [[one("preflight")], [stop], [commit], [one("overwrite")], [start], [check]];
	const tidy = [discard, one("database-drop")];
	const ending = how === "checked" ? [[check], [commit], tidy] : [[commit], tidy, [check]];
	return [
		[one("preflight")],
		[one("area"), one("stage")],
		[stop],
		Array.from({ length: entries }, (_, only) => {
			const more = (kind: string) => ({ id: `${kind}:${state}:${only}`, only, touches: [live(state, only)] });
			return [one("aside", more("aside")), one("place", more("place"))];
		}).flat(),
		[start],
		...ending,
	];
}

function backup(random: Random, run: string): Plan {
	const base = (kind: string, state: string, id: string, scope: string): FakeStep => ({
		...{ kind, id, scope, state, run, entries: 1, version: run },
		...{ title: id, touches: [] },
	});
	const states = STATES.map((state) => {
		const pre = base("hook", state, `pre:${state}`, scopeOf(state));
		const stop = base("account", state, `stop:${state}`, scopeOf(state));
		return {
			...{ pre, stop },
			dumps: [0, 1].map((index) => ({
				...base("dump", state, `dump:${state}:${index}`, scopeOf(state)),
				sideBySide: true,
			})),
			start: { ...base("timers", state, `start:${state}`, scopeOf(state)), stopped: ref(stop) },
			post: { ...base("hook", state, `post:${state}`, scopeOf(state)), whenBegan: pre.id },
		};
	});
	const write = ["near", "far"].slice(0, 1 + below(random, 2)).map((name) => ({
		...base("archive-create", name, `create:${name}`, `destination:${name}`),
		sideBySide: true,
	}));
	const steps = [
		...states.map(({ pre }) => pre),
		...states.map(({ stop }) => stop),
		...states.flatMap(({ dumps }) => dumps),
		...write,
		...states.map(({ start }) => start).reverse(),
		...states.map(({ post }) => post),
	];
	return planOf(
		"create",
		run,
		steps,
		write.map(({ scope }) => scope),
	);
}

export const scopeOf = stateScope;

const ref = ({ id }: FakeStep) => id as Ref<"stop">;

function planOf(
	operation: Plan["operation"],
	run: string,
	steps: readonly FakeStep[],
	goals: readonly string[],
): Plan {
	const manifest = { machine: "web01", state: {}, providers: {} } as unknown as Plan["manifest"];
	return { version: 1, run, operation, manifest, steps, goals };
}
