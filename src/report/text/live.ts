// On a terminal: finished steps stay as lines, and below them the steps in progress, with bytes, speed and time left.
import type { Listener, RunEvent } from "../../run/event.ts";
import { liveArea } from "../terminal.ts";
import { linesOf } from "./lines.ts";
import { duration, size } from "./units.ts";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
export const REDRAW_MS = 100;

/** The most steps that are shown as in progress; no plan starts more at once. */
const MOST_AT_ONCE = 200;

interface Running {
	readonly title: string;
	readonly since: number;
	bytes?: number;
	totalBytes?: number;
	files?: number;
	path?: string;
}

export async function liveReporter(): Promise<Listener> {
	const area = await liveArea();
	const run = follower();
	let frame = 0;
	let timer: NodeJS.Timeout | undefined;

	const draw = () => {
		frame++;
		area.draw([...run.steps().map((step) => `${spinner(frame)} ${step}`), `  ${run.clock()}`]);
	};
	return (event) => {
		run.follow(event);
		if (event.type === "run-started") timer ??= setInterval(draw, REDRAW_MS).unref();
		const lines = linesOf(event, false);
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
	let total = 0;
	let finished = 0;
	const started = performance.now();
	const steps = () => [...running.values()].map((step) => `${step.title}${measures(step)}`);
	const clock = () =>
		`step ${Math.min(finished + 1, total)} of ${total}, ${duration((performance.now() - started) / 1000)}`;
	const follow = (event: RunEvent) => {
		switch (event.type) {
			case "run-started":
				total = event.steps.length;
				break;
			case "step-started":
			case "undo-started":
				// Another machine could name any number of steps.
				if (running.size >= MOST_AT_ONCE) break;
				running.set(event.step, {
					title: event.type === "undo-started" ? `undo: ${event.title}` : event.title,
					since: performance.now(),
				});
				break;
			case "step-progress":
				Object.assign(running.get(event.step) ?? {}, event);
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
	const summary = () =>
		total === 0 ? "connecting" : `${Math.min(finished + 1, total)}/${total}  ${steps()[0] ?? ""}`;
	return { follow, steps, clock, summary };
}

export function spinner(frame: number): string {
	return FRAMES[frame % FRAMES.length] ?? "";
}

/** ` · 1.2 GiB of 3.0 GiB · 210 MiB/s · 9 s left · /srv/notes/x`, as far as known. */
function measures({ since, bytes, totalBytes, files, path }: Running): string {
	const seconds = (performance.now() - since) / 1000;
	const speed = bytes === undefined || seconds < 1 ? undefined : bytes / seconds;
	const left =
		speed && bytes !== undefined && totalBytes !== undefined && totalBytes > bytes
			? (totalBytes - bytes) / speed
			: undefined;
	return [
		bytes === undefined
			? undefined
			: size(bytes) + (totalBytes === undefined ? "" : ` of ${size(totalBytes)}`),
		files === undefined ? undefined : `${files} files`,
		speed === undefined ? undefined : `${size(speed)}/s`,
		left === undefined ? undefined : `${duration(left)} left`,
		path === undefined ? undefined : path,
		bytes === undefined && seconds >= 2 ? duration(seconds) : undefined,
	]
		.filter((part) => part !== undefined)
		.map((part) => ` · ${part}`)
		.join("");
}
