// The state of our systemd timers and their services.
import { cleanEnvironment, execText } from "./exec.ts";
import { ownManager } from "./systemd.ts";

export interface TimerStatus {
	/** `create`: of `holdfast-create.timer`. */
	readonly name: string;
	/** The timer exists and is active. */
	readonly isActive: boolean;
	/** Whether it starts at boot. */
	readonly isEnabled: boolean;
	/** It is active, but its calendar has no future time. */
	readonly isOver?: true;
	/** RFC 3339; undefined if there is none or it is unknown. */
	readonly next?: string;
	/** systemd's Result of the service, if its last start failed: exit-code, signal, timeout … */
	readonly failed?: string;
}

/** The existing timers with these names; undefined if systemd does not answer. Root asks the system manager. */
export async function timersOf(names: readonly string[]): Promise<TimerStatus[] | undefined> {
	if (names.length === 0) return [];
	const show = async (end: string, properties: string) => {
		const units = names.map((name) => `holdfast-${name}.${end}`);
		const { text } = await execText(
			["systemctl", ...ownManager(), "show", `--property=${properties}`, "--", ...units],
			{
				// For times in UTC, and for users who are not logged in.
				env: { XDG_RUNTIME_DIR: `/run/user/${process.getuid?.()}`, ...cleanEnvironment(), TZ: "UTC" },
			},
		).catch(() => ({ text: "" }));
		const blocks = new Map<string, Map<string, string>>();
		for (const part of text.split("\n\n")) {
			const pairs = part
				.split("\n")
				.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)] as const);
			const block = new Map(pairs);
			blocks.set(block.get("Id") ?? "", block);
		}
		return blocks;
	};
	const timers = await show(
		"timer",
		"Id,LoadState,ActiveState,SubState,UnitFileState,NextElapseUSecRealtime",
	);
	if (![...timers.keys()].some((id) => id !== "")) return undefined;
	const services = await show("service", "Id,Result");
	return names.flatMap((name) => {
		const timer = timers.get(`holdfast-${name}.timer`);
		if (timer?.get("LoadState") !== "loaded") return [];
		const next = Date.parse((timer.get("NextElapseUSecRealtime") ?? "").replace(/^\w+ /, ""));
		const result = services.get(`holdfast-${name}.service`)?.get("Result");
		return [
			{
				name,
				isActive: timer.get("ActiveState") === "active",
				isEnabled: !/^(disabled|masked|bad)/.test(timer.get("UnitFileState") ?? ""),
				...(timer.get("SubState") === "elapsed" ? { isOver: true as const } : {}),
				...(Number.isNaN(next) ? {} : { next: new Date(next).toISOString() }),
				...(result === undefined || result === "success" ? {} : { failed: result }),
			},
		];
	});
}
