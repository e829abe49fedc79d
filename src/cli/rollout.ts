// What deploy and undeploy share: their flags, the loop over machines, and reading the record of the last deploy.
import * as v from "valibot";
import { type Place, placeOf } from "../fleet/place.ts";
import { isHere } from "../fleet/select.ts";
import { targetHere, targetOver, textOf } from "../fleet/target.ts";
import { operate as operateThere } from "../fleet/there.ts";
import { parseBounded } from "../host/bounded-json.ts";
import { exec } from "../host/exec.ts";
import type { Manifest } from "../manifest/schema.ts";
import { FORMAT_NAMES } from "../report/formats.ts";
import type { Reporter } from "../report/reporter.ts";
import { printMessage } from "../report/terminal.ts";
import { newRunId } from "../run/run-id.ts";
import { HoldfastError } from "../values/error.ts";
import { EXIT } from "../values/error-codes.ts";
import * as f from "../values/fields.ts";
import { wordsOf } from "../values/system-error.ts";
import { type Call, finished } from "./command.ts";
import { connected } from "./connections.ts";
import { type CommonFlags, commonFlags, type FleetFlags, fleetFlags, switchFlag } from "./flags.ts";
import { codeOf, endOf, remarkTo } from "./fleet.ts";
import type { Target } from "./machines.ts";
import { interruptible, secondSignal, untilUndone, untilUndoneThere } from "./signals.ts";

export interface RolloutFlags extends CommonFlags, Omit<FleetFlags, "parallel"> {
	readonly dryRun: boolean;
	readonly yes: boolean;
}

const { parallel: _, ...selecting } = fleetFlags;
export const rolloutFlags = {
	...commonFlags,
	...selecting,
	dryRun: switchFlag("show what would change, and change nothing"),
	yes: switchFlag("do not ask"),
} as const;

/** For programs, before anything is changed. People have read it already. */
export const tellChanges = (out: Reporter, machine: string, changes: readonly string[]): Promise<void> =>
	out.result({ kind: "answer", value: { machine, changes }, text: [], line: true });

/** Starts a run there and follows it to its end; returns its exit code. */
export type Run = (program: readonly string[], argv: readonly string[]) => Promise<number>;

/** One machine after the other: show, confirm, do. With several machines, one's failure does not stop the rest. */
export async function onEach(
	{ machines, sshConfig }: { readonly machines: readonly Manifest[]; readonly sshConfig: string | undefined },
	{ out, flags }: Call,
	work: (manifest: Manifest, place: Place, run: Run) => Promise<number>,
): Promise<number> {
	const signal = interruptible();
	const codes: number[] = [];
	for (const manifest of machines) {
		const one = () =>
			onTarget({ manifest, sshConfig }, { out, flags }, signal, (place, run) => work(manifest, place, run));
		if (machines.length === 1) return one();
		if (!flags.quiet) out.say(["", manifest.machine]);
		codes.push(await finished(flags, one));
	}
	return codeOf(codes);
}

async function onTarget(
	target: Target,
	{ out, flags }: Pick<Call, "out" | "flags">,
	signal: AbortSignal,
	work: (place: Place, run: Run) => Promise<number>,
): Promise<number> {
	const { manifest } = target;
	if (isHere(manifest))
		return work(await placeOf(targetHere(manifest.machine)), async (program, argv) => {
			const env = { ...(process.env as Record<string, string>) };
			const formats = FORMAT_NAMES.filter((name) => flags[name]).map((name) => `--${name}`);
			const reader = out.passOn(manifest.machine);
			const onStdout = (line: string) => void reader.push(Buffer.from(`${line}\n`));
			const options = { env, signal, onStdout, onStderr: printMessage };
			const result = await untilUndone(() => exec([...program, ...argv, ...formats], options));
			reader.end?.();
			return result.code ?? EXIT.failed;
		});
	return connected(target, signal, async (connection) =>
		work(await placeOf(targetOver(connection)), async (program, argv) => {
			const hearing = { signal, leave: secondSignal, listener: await out.run(), remark: remarkTo(out) };
			const wish = { program, argv, run: newRunId() };
			return endOf(await untilUndoneThere(() => operateThere(connection, wish, hearing)));
		}),
	);
}

/** The record of the last deploy there, as far as it is needed to show and compare changes. */
export function recordIn(text: string | undefined, { target, layout }: Place): Recorded | undefined {
	if (text === undefined) return undefined;
	try {
		return v.parse(recordSchema, parseBounded(text, { depth: 10, values: 100_000 }));
	} catch (cause) {
		throw new HoldfastError("answer-invalid", `${layout.installed} on ${target.machine} cannot be read`, {
			subject: target.machine,
			cause,
			details: [wordsOf(cause)],
			hint: "it records what was deployed; if it is damaged, delete it there and deploy again",
		});
	}
}

/** Refuse a host where Holdfast is installed for another machine: its timers, config and secrets would be replaced. */
export async function requireSameMachine({ target, layout }: Place): Promise<void> {
	const { success, output } = v.safeParse(namedSchema, await textOf(target, layout.manifest));
	if (!success || output.machine === target.machine) return;
	const other = JSON.stringify(output.machine);
	throw new HoldfastError("machine-unfit", `the host of ${target.machine} is already deployed as ${other}`, {
		subject: target.machine,
		hint: `two machines cannot share a host; if ${other} was renamed, undeploy it with its old name in the config, rename its folder of secrets, and deploy it with the new name`,
	});
}

const namedSchema = v.pipe(
	v.string(),
	v.rawTransform(({ dataset, addIssue, NEVER }) => {
		try {
			return parseBounded(dataset.value, { depth: 100, values: 500_000 });
		} catch {
			addIssue({ message: "is not JSON" });
			return NEVER;
		}
	}),
	v.object({ machine: f.name }),
);

const recordSchema = v.object({
	files: v.array(
		v.object({ path: v.pipe(v.string(), v.startsWith("/")), stays: v.optional(v.boolean(), false) }),
	),
	timers: v.array(v.string()),
	atBoot: v.array(v.string()),
});
export type Recorded = v.InferOutput<typeof recordSchema>;
