// What the machine's own services are told of a run: logind, that it must not be put to sleep; the system's journal, how
// the run ended, in fields that can be asked for.
import { existsSync } from "node:fs";
import { printable } from "../values/printable.ts";
import { exec, start } from "./exec.ts";

/** logind's own folder: without it there is nobody to ask. */
const LOGIND = "/run/systemd/inhibit";

/** The machine does not go to sleep until the returned function is called, or we die. Where logind is not, it may. */
export async function keepAwake(why: string): Promise<() => void> {
	if (!existsSync(LOGIND)) return () => {};
	const stop = new AbortController();
	const argv = ["systemd-inhibit", "--what=sleep", "--who=holdfast", `--why=${why}`, "--mode=block"];
	// It ends when its input does.
	const child = await start([...argv, "cat"], { pipeIn: true, signal: stop.signal }).catch(() => undefined);
	child?.done.catch(() => {});
	return () => {
		child?.stdin?.end();
	};
}

/** Whether our output goes to the system's journal, as it does in a unit (systemd.exec(5), $JOURNAL_STREAM). */
export function isService(): boolean {
	return process.env.JOURNAL_STREAM !== undefined;
}

/** One entry with fields of ours: `journalctl HOLDFAST_OUTCOME=failed`. Without `logger` there is none. */
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
