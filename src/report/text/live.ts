// On a terminal: finished steps stay as lines, and below them the steps in progress, with bytes, speed and time left.
import type { Listener, RunEvent } from "../../run/event.ts";
import { liveArea } from "../terminal.ts";
import { linesOf } from "./lines.ts";
import { progressLine, type StepInProgress } from "./progress-line.ts";
import { duration } from "./units.ts";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
export const REDRAW_MS = 100;

/** The most steps that are shown as in progress; no plan starts more at once. */
const MAX_AT_ONCE = 200;

/** A step that took less, in seconds, gets no line of its own. */
const SHORT_STEP = 0.05;

interface Running extends Omit<StepInProgress, "seconds" | "flowing"> {
	readonly since: number;
	/** When the first bytes were reported. */
	flowsSince?: number;
}

export async function liveReporter(): Promise<Listener> {
	const area = await liveArea();
	const run = follower();
	let frame = 0;
	let short = 0;
	let timer: NodeJS.Timeout | undefined;

	const draw = () => {
		frame++;
		const steps = run.steps(area.width() - 2).map((step) => `${spinner(frame)} ${step}`);
		area.draw([...steps, `  ${run.clock()}`]);
	};
	return (event) => {
		const isShort = run.isShort(event);
		run.follow(event);
		if (event.type === "run-started") timer ??= setInterval(draw, REDRAW_MS).unref();
		// What a short step warns of is printed.
		const lines = linesOf(event, isShort);
		if (isShort && lines.length === 0) short++;
		if (event.type === "run-ended" && short > 0)
			lines.unshift(short === 1 ? "✔ 1 step under 50 ms" : `✔ ${short} steps under 50 ms each`);
		if (lines.length > 0) area.print(lines);
		if (event.type === "run-ended") {
			clearInterval(timer);
			timer = undefined;
			area.close();
		}
	};
}

/** Tracks the steps in progress by the run's events. */
export function follower() {
	const running = new Map<string, Running>();
	const labels = new Map<string, string>();
	let total = 0;
	let finished = 0;
	const started = performance.now();
	/** Rows of at most `width` characters. */
	const steps = (width: number) => [...running.values()].map((step) => progressLine(asOfNow(step), width));
	const clock = () =>
		`step ${Math.min(finished + 1, total)} of ${total}, ${duration((performance.now() - started) / 1000)}`;
	const follow = (event: RunEvent) => {
		switch (event.type) {
			case "run-started":
			case "more-steps":
				total = event.steps.length + (event.type === "more-steps" ? total : 0);
				for (const { id, label } of event.steps) if (label !== undefined) labels.set(id, label);
				break;
			case "step-started":
			case "undo-started":
				// Another machine could name any number of steps.
				if (running.size >= MAX_AT_ONCE) break;
				running.set(event.step, {
					title:
						event.type === "undo-started" ? `undo: ${event.title}` : (labels.get(event.step) ?? event.title),
					since: performance.now(),
				});
				break;
			case "step-progress":
				progressed(running.get(event.step), event);
				break;
			case "step-done":
			case "step-failed":
			case "step-skipped":
				finished++;
				running.delete(event.step);
				break;
			case "undo-done":
			case "undo-failed":
				running.delete(event.step);
				break;
			case "run-ended":
				running.clear();
		}
	};
	/** In a single row. */
	const summary = (width: number) => {
		if (total === 0) return "connecting";
		const at = `${Math.min(finished + 1, total)}/${total}  `;
		return `${at}${steps(width - at.length)[0] ?? ""}`;
	};
	/** Whether a step has ended that is not worth a line: it was over at once, and removed nothing that is to be listed. */
	const isShort = (event: RunEvent) =>
		event.type === "step-done" &&
		event.seconds < SHORT_STEP &&
		!labels.has(event.step) &&
		(event.result as { removed?: unknown } | undefined)?.removed === undefined;
	return { follow, steps, clock, summary, isShort };
}

function progressed(step: Running | undefined, event: Extract<RunEvent, { type: "step-progress" }>): void {
	if (step === undefined) return;
	Object.assign(step, event);
	if (event.bytes !== undefined && event.bytes > 0) step.flowsSince ??= performance.now();
}

function asOfNow({ since, flowsSince, ...step }: Running): StepInProgress {
	const now = performance.now();
	return {
		...step,
		seconds: (now - since) / 1000,
		...(flowsSince === undefined ? {} : { flowing: (now - flowsSince) / 1000 }),
	};
}

export function spinner(frame: number): string {
	return FRAMES[frame % FRAMES.length] ?? "";
}
