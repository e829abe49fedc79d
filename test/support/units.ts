// The names of the units that a deploy installs for recovery at boot.
import { unitsOf } from "../../src/fleet/units.ts";

export const RECOVERY_UNITS = unitsOf({
	manifest: { version: 1, machine: "web01", state: {}, providers: {} },
	program: "/usr/local/bin/holdfast",
	config: "/etc/holdfast/manifest.json",
	user: false,
}).files.filter(({ name }) => name.startsWith("holdfast-recover"));
