// Informs system services about a run: inhibits sleep in logind, and logs the outcome to the system's journal with fields that
// can be queried.
import { existsSync } from "node:fs";
import { printable } from "../values/printable.ts";
import { exec, start } from "./exec.ts";

/** logind's folder: if it is missing, logind is not running. */
const LOGIND = "/run/systemd/inhibit";

/** Keep the machine awake until the returned function is called or this process ends. Has no effect without logind. */
export async function keepAwake(why: string): Promise<() => void> {
	if (!existsSync(LOGIND)) return () => {};
	const stop = new AbortController();
	const argv = ["systemd-inhibit", "--what=sleep", "--who=holdfast", `--why=${why}`, "--mode=block"];
	// It exits at the end of its input.
	const child = await start([...argv, "cat"], { pipeIn: true, signal: stop.signal }).catch(() => undefined);
	child?.done.catch(() => {});
	return () => {
		child?.stdin?.end();
	};
}

/** Whether our output goes to the system's journal, as in a unit (systemd.exec(5), $JOURNAL_STREAM). */
export function isService(): boolean {
	return process.env.JOURNAL_STREAM !== undefined;
}

/** Write one entry with our own fields: `journalctl HOLDFAST_OUTCOME=failed`. Does nothing without `logger`. */
export async function journalEntry(
	message: string,
	priority: number,
	fields: Readonly<Record<string, string>>,
): Promise<void> {
	const lines = [
		["MESSAGE", message],
		["PRIORITY", String(priority)],
		["SYSLOG_IDENTIFIER", "holdfast"],
		...Object.entries(fields),
	].map(([name = "", value = ""]) => `${name}=${printable(value)}\n`);
	await exec(["logger", "--journald"], { input: lines.join(""), timeoutSeconds: 10 }).catch(() => {});
}
