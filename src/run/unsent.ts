// Notifications of failures that reached nobody, until somebody is told: a file beside the journal, since a notification may
// be about a run of which the journal knows nothing.
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { parseBounded } from "../host/bounded-json.ts";
import { replaceFile } from "../host/files.ts";
import { openFolder } from "../host/folder.ts";
import { resolvePath } from "../host/trust.ts";

const unsentSchema = v.object({
	machine: v.string(),
	/** RFC 3339. */
	time: v.string(),
	/** The notification's title. */
	title: v.string(),
	run: v.string(),
	/** Why each service could not be notified. */
	reasons: v.array(v.string()),
});
export type Unsent = v.InferOutput<typeof unsentSchema>;

const FILE = "unsent.json";
/** The newest ones; the earlier ones are of the same kind. */
const MOST = 20;

/** The oldest first; `folder` is that of the journal. A file that cannot be read holds none. */
export function unsentOf(folder: string, machine: string): Unsent[] {
	return readUnsent(folder).filter((one) => one.machine === machine);
}

/** Replaces those of the machine. */
export function keepUnsent(folder: string, machine: string, unsent: readonly Unsent[]): void {
	const all = readUnsent(folder);
	if (unsent.length === 0 && !all.some((one) => one.machine === machine)) return;
	const others = all.filter((one) => one.machine !== machine);
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	using held = openFolder(resolvePath(folder).path);
	replaceFile(held, FILE, JSON.stringify([...others, ...unsent.slice(-MOST)]), { mode: 0o600 });
}

export const unsentLine = ({ time, title, run, reasons }: Unsent): string =>
	`${time}: "${title}" (run ${run}) reached nobody: ${reasons.join("; ")}`;

function readUnsent(folder: string): Unsent[] {
	try {
		const value = parseBounded(readFileSync(join(folder, FILE), "utf8"), { depth: 5, values: 10_000 });
		return v.parse(v.array(unsentSchema), value);
	} catch {
		return [];
	}
}
