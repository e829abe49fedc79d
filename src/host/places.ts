// Holdfast's folders on this machine: the system's for root, the user's own for others (XDG base directories).
import { homedir } from "node:os";
import { join } from "node:path";

export interface Places {
	/** The journal and everything else that must survive a reboot. */
	readonly state: string;
	/** The lock. */
	readonly runtime: string;
	/** What can be recreated. */
	readonly cache: string;
}

/** HOLDFAST_STATE_DIR, HOLDFAST_RUNTIME_DIR and HOLDFAST_CACHE_DIR override them, for a second independent set on one machine. */
export function places(env: NodeJS.ProcessEnv = process.env): Places {
	const root = process.getuid?.() === 0;
	const state =
		env.HOLDFAST_STATE_DIR ||
		(root ? "/var/lib/holdfast" : join(env.XDG_STATE_HOME || join(homedir(), ".local/state"), "holdfast"));
	const runtime =
		env.HOLDFAST_RUNTIME_DIR ||
		(root ? "/run/holdfast" : env.XDG_RUNTIME_DIR ? join(env.XDG_RUNTIME_DIR, "holdfast") : state);
	const cache = root
		? "/var/cache/holdfast"
		: join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "holdfast");
	return { state, runtime, cache: env.HOLDFAST_CACHE_DIR || cache };
}

/** The folder in which a program with this name keeps its settings and keys by default. */
export const inConfig = (program: string): string =>
	join(process.env.XDG_CONFIG_HOME || join(homedir(), ".config"), program);
