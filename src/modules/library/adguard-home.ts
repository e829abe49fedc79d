// AdGuard Home. It does not start if sessions.db or stats.db is damaged (internal/home: newAuth, initDNS). Both are bbolt
// databases, which cannot be copied while they are written. To stop it for a backup would leave its network without names,
// maybe also this machine on the way to its destination. So it is paused for the moment in which they are copied: such a
// copy is as after a crash, which bbolt survives. Upstream's unit and folder: scripts/install.sh, internal/home/service.go.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { asks, folderHere, healthHere, moreFolders, orUsual } from "../options.ts";
import { within } from "../within.ts";

const HOME = { debian: "/opt/AdGuardHome", nixos: "/var/lib/AdGuardHome" };
const UNIT = { debian: "AdGuardHome.service", nixos: "adguardhome.service" };
/** Upstream's first start asks for the port. */
const HEALTH = { debian: false, nixos: "http://localhost:3000/login.html" } as const;

const DATABASES = ["sessions.db", "stats.db"];
const NAMES = DATABASES.join(" ");
const COPY = `
mkdir -p "$2/holdfast"
if systemctl is-active -q "$1"; then
	trap 'systemctl kill --signal=CONT "$1"' EXIT
	trap 'exit 1' HUP INT TERM
	systemctl kill --signal=STOP "$1"
	sleep 0.1
fi
for name in ${NAMES}; do [ ! -e "$2/$name" ] || cp -p "$2/$name" "$2/holdfast/$name"; done`;
const PUT = `for name in ${NAMES}; do [ ! -e "$1/holdfast/$name" ] || cp -p "$1/holdfast/$name" "$1/$name"; done`;

export const adguardHome = defineModule({
	name: "adguard-home",
	about: "AdGuard Home: its settings and filters, leases, the query log, statistics and sessions",
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
		const data = `${home}/data`;
		return {
			state: {
				"adguard-home": {
					folders: [data, `${home}/AdGuardHome.yaml`, ...folders],
					exclude: within(data, ...DATABASES),
					hooks: {
						preBackup: ["sh", "-euc", COPY, "sh", own, data],
						postRestore: ["sh", "-euc", PUT, "sh", data],
					},
					stopOnRestore: [own],
					healthChecks: asks(orUsual(health, HEALTH, nixos)),
				},
			},
		};
	},
	signs: { units: ["AdGuardHome.service", "adguardhome.service"] },
	proven: "stand-in",
});
