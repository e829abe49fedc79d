// The paths that a deploy uses on a machine: system folders for root, or else the user's own.
import { join } from "node:path";

export interface Layout {
	/** Runtimes and programs, named by their content. */
	readonly lib: string;
	/** The program in the PATH. */
	readonly program: string;
	/** Holds the manifest, the record of installed files, and `secrets/`. */
	readonly config: string;
	readonly manifest: string;
	readonly installed: string;
	readonly secrets: string;
	readonly units: string;
	/** Where files arrive before they are installed. */
	readonly arrivals: string;
	/** What can be recreated. */
	readonly cache: string;
}

/** `home` for a normal user; absent for root. */
export function layoutOf(home?: string): Layout {
	const [lib, bin, config, units, state, cache] =
		home === undefined
			? [
					"/usr/local/lib/holdfast",
					"/usr/local/bin",
					"/etc/holdfast",
					"/etc/systemd/system",
					"/var/lib/holdfast",
					"/var/cache/holdfast",
				]
			: [
					join(home, ".local/lib/holdfast"),
					join(home, ".local/bin"),
					join(home, ".config/holdfast"),
					join(home, ".config/systemd/user"),
					join(home, ".local/state/holdfast"),
					join(home, ".cache/holdfast"),
				];
	return {
		lib,
		program: join(bin, "holdfast"),
		config,
		manifest: join(config, "manifest.json"),
		installed: join(config, "installed.json"),
		secrets: join(config, "secrets"),
		units,
		arrivals: join(state, "deploy"),
		cache,
	};
}
