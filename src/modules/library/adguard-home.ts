// AdGuard Home. It does not start if sessions.db or stats.db is damaged (internal/home: newAuth, initDNS). Both are bbolt
// databases, which cannot be copied while they are written. While it is stopped its network has no names, so its folders are
// read from a snapshot, or copied first if they are small. Otherwise it is down while they are read.
// Upstream's unit and folder: scripts/install.sh, internal/home/service.go.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { asks, folderHere, healthHere, moreFolders, orUsual } from "../options.ts";

const HOME = { debian: "/opt/AdGuardHome", nixos: "/var/lib/AdGuardHome" };
const UNIT = { debian: "AdGuardHome.service", nixos: "adguardhome.service" };
/** Upstream's first start asks for the port. */
const HEALTH = { debian: false, nixos: "http://localhost:3000/login.html" } as const;

export const adguardHome = defineModule({
	name: "adguard-home",
	about:
		"AdGuard Home: its settings and filters, leases, the query log, statistics and sessions. It is stopped while they are copied",
	sources: [
		"https://github.com/AdguardTeam/AdGuardHome/wiki/Configuration",
		"https://github.com/AdguardTeam/AdGuardHome/blob/master/internal/home/dns.go",
		nixosModule("networking/adguardhome.nix"),
	],
	options: v.strictObject({
		workDir: folderHere(HOME, "its working directory, with AdGuardHome.yaml and data"),
		folders: moreFolders,
		unit: v.pipe(
			v.optional(f.unitName),
			v.description(`its unit (default ${UNIT.debian}, on NixOS ${UNIT.nixos})`),
		),
		health: healthHere(HEALTH),
	}),
	yields({ workDir, folders, unit, health }, { nixos }) {
		const home = orUsual(workDir, HOME, nixos);
		const own = orUsual(unit, UNIT, nixos);
		return {
			state: {
				"adguard-home": {
					folders: [`${home}/data`, `${home}/AdGuardHome.yaml`, ...folders],
					snapshot: "auto",
					stopOnBackup: [own],
					stopOnRestore: [own],
					healthChecks: asks(orUsual(health, HEALTH, nixos)),
				},
			},
		};
	},
	signs: { units: ["AdGuardHome.service", "adguardhome.service"] },
	proven: "stand-in",
});
