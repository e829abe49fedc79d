// What systemd reports of a unit, in the words that stops and starts are decided by.
import type { UnitFacts } from "../../host/unit-facts.ts";

const UP: ReadonlySet<string> = new Set(["active", "activating", "reloading", "refreshing"]);

/** Whether it is running, or being started. */
export function isRunning({ active }: Pick<UnitFacts, "active">): boolean {
	return UP.has(active);
}

/** Whether it is running or about to: somebody restarts it, or its start waits for that of another unit. */
export function isUp({ active, job }: Pick<UnitFacts, "active" | "job">): boolean {
	return UP.has(active) || job === "start" || job === "restart";
}

/** Whether it is completely down, with no job pending. */
export function isDown({ active, job }: Pick<UnitFacts, "active" | "job">): boolean {
	return (active === "inactive" || active === "failed") && job === "";
}

/** Whether it ends by itself; only when it has ended can be seen whether systemd restarts it (Restart=). */
export function isEnding({ active, job }: Pick<UnitFacts, "active" | "job">): boolean {
	return active === "deactivating" && job === "";
}
