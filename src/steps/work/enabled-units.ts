// Have systemd reload the installed units, enable them and start their timers; or disable units that were removed.
import { exec, execOk } from "../../host/exec.ts";
import { ownManager } from "../../host/systemd.ts";
import { HoldfastError } from "../../values/error.ts";
import type { StepWork } from "../step.ts";
import type { TimersStep } from "../timers.ts";
import type { UnitsReloadStep } from "../units-reload.ts";

export const unitsReload: StepWork<UnitsReloadStep, readonly string[]> = {
	async run({ units }, context) {
		context.note(await enabledOf(units));
	},
	async undo(_, { noted }) {
		const before = noted() ?? [];
		await systemctl(["daemon-reload"], "reload the units");
		if (before.length > 0) await systemctl(["enable", ...before], "enable the units that were enabled");
		const timers = before.filter((unit) => unit.endsWith(".timer"));
		if (timers.length > 0) await systemctl(["start", ...timers], "start the timers that were running");
	},
};

export const timers: StepWork<TimersStep> = {
	async run({ start, enable, stop }) {
		if (stop.length > 0) await disable(stop);
		await systemctl(["daemon-reload"], "reload the units");
		if (enable.length > 0) await systemctl(["enable", ...enable], "enable the units for boot");
		if (start.length > 0) await systemctl(["enable", "--now", ...start], "start the timers");
		// A timer that has elapsed does not evaluate its new calendar until it is restarted.
		const over = await elapsedOf(start);
		if (over.length > 0) await systemctl(["restart", ...over], "start the timers again");
	},
	async undo({ start, enable }) {
		await disable([...start, ...enable]);
	},
};

async function disable(units: readonly string[]): Promise<void> {
	// Units whose file is gone can be disabled too: that only removes their links.
	const timers = units.filter((unit) => unit.endsWith(".timer"));
	if (timers.length > 0) await exec(["systemctl", ...ownManager(), "stop", ...timers]);
	if (units.length > 0) await exec(["systemctl", ...ownManager(), "disable", "--quiet", ...units]);
}

async function elapsedOf(timers: readonly string[]): Promise<string[]> {
	const over: string[] = [];
	for (const timer of timers) {
		const { stdout } = await exec(["systemctl", ...ownManager(), "show", "--value", "-p", "SubState", timer]);
		if (stdout[0] === "elapsed") over.push(timer);
	}
	return over;
}

async function enabledOf(units: readonly string[]): Promise<string[]> {
	const enabled: string[] = [];
	for (const unit of units) {
		const { stdout } = await exec(["systemctl", ...ownManager(), "is-enabled", unit]);
		if (stdout[0] === "enabled") enabled.push(unit);
	}
	return enabled;
}

async function systemctl(words: readonly string[], doing: string): Promise<void> {
	await execOk(["systemctl", ...ownManager(), "--no-ask-password", ...words], { doing }).catch(
		async (cause: unknown) => {
			const units = words.filter((word) => word.includes("."));
			const why = await Promise.all(
				units.map((unit) => exec(["systemctl", ...ownManager(), "show", "--value", "-p", "LoadError", unit])),
			);
			const bad = units.filter((_, index) => (why[index]?.stdout[0] ?? "").length > 0);
			throw new HoldfastError("unit-failed", `systemd failed to ${doing}`, {
				subject: (bad.length > 0 ? bad : units).join(", "),
				cause,
				details: [
					...((cause as HoldfastError).details ?? []),
					...bad.map((unit) => `${unit}: ${why[units.indexOf(unit)]?.stdout[0]}`),
				],
				hint: "check each calendar event with: systemd-analyze calendar '…'",
			});
		},
	);
}
