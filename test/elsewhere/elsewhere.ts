// Servers and engines that Debian 12 does not have, or that a test must not install on its own machine: they are
// unpacked next to the tests.
import { spawnSync } from "node:child_process";
import { join, relative } from "node:path";

const PROJECT = join(import.meta.dirname, "../..");

/** Where they are unpacked; `missing` says why they are not available. */
export interface Elsewhere {
	/** On this machine, or below the project's folder on a test machine. */
	below(project: string): string;
	readonly missing?: string;
}

/** `bin/` in the folder has a wrapper for each program. */
export function elsewhere(suite: "bookworm" | "trixie" | "sid", ...packages: string[]): Elsewhere {
	const { status, stdout, stderr } = spawnSync(
		"sh",
		[join(import.meta.dirname, "fetch"), suite, ...packages],
		{ encoding: "utf8" },
	);
	if (status === 0) return { below: (project) => join(project, relative(PROJECT, stdout.trim())) };
	const [why = `exit code ${status}`] = stderr.trim().split("\n").slice(-1);
	const missing = `${packages.join(", ")} of Debian ${suite} cannot be fetched: ${why}`;
	return {
		missing,
		below: () => {
			throw new Error(missing);
		},
	};
}
