// Units: what a deploy installs for recovery at boot, and a service of the tests.
import { unitsOf } from "../../src/fleet/units.ts";

export const RECOVERY_UNITS = unitsOf({
	manifest: { version: 1, machine: "web01", state: {}, providers: {} },
	program: "/usr/local/bin/holdfast",
	config: "/etc/holdfast/manifest.json",
	user: false,
}).files.filter(({ name }) => name.startsWith("holdfast-recover"));

/**
 * For a unit's ExecStart: a service that reads its file fifty times a second, and fails once it is not there. One
 * process: a shell with cat and sleep would keep a tenth of a core busy.
 */
export const readsForEver = (file: string) =>
	`/usr/bin/perl -e 'while (open F, "<", "${file}") { <F>; close F; select undef, undef, undef, 0.02 } exit 1'`;
