// A config, a journal and a lock below a scratch folder.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "./measure.ts";

export const HOLDFAST = join(import.meta.dirname, "../bin/holdfast");

/** Where to run the program so that it knows one machine with one state `data`: folders, or the keys of the state. */
export function place(
	scratch: string,
	data: readonly string[] | object,
	providers: object,
): Omit<Command, "argv"> {
	const state = { data: Array.isArray(data) ? { folders: data } : data };
	writeFileSync(join(scratch, "holdfast.json"), JSON.stringify({ machines: { here: { state, providers } } }));
	return {
		cwd: scratch,
		env: {
			...process.env,
			HOLDFAST_STATE_DIR: join(scratch, "state"),
			HOLDFAST_RUNTIME_DIR: join(scratch, "run"),
			HOLDFAST_CACHE_DIR: join(scratch, "cache/holdfast"),
			XDG_CACHE_HOME: join(scratch, "cache"),
			XDG_CONFIG_HOME: join(scratch, "config"),
		},
	};
}
