// Pi-hole 6. Its own export (Teleporter, src/zip/teleporter.c) has pihole.toml, dhcp.leases and gravity.db, which is kept
// because it holds the lists, groups and clients; pihole-FTL.db holds the query history. On NixOS both databases are in
// its state directory, while leases stay in /etc/pihole, whose pihole.toml is generated. No health check: the web server may be off, and names may be
// resolved elsewhere.
import * as v from "valibot";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { asks, folderHere, health, moreFolders, orUsual, unitsHere } from "../options.ts";

const LEASES = "/etc/pihole/dhcp.leases";
const DATA = { debian: "/etc/pihole", nixos: "/var/lib/pihole" };
const UNITS = { debian: ["pihole-FTL.service"], nixos: ["pihole-ftl.service"] };

export const piHole = defineModule({
	name: "pi-hole",
	about: "Pi-hole: settings, lists, groups, clients, leases and the query history",
	sources: [
		"https://docs.pi-hole.net/ftldns/configfile/",
		"https://github.com/pi-hole/FTL/blob/master/src/zip/teleporter.c",
		"https://github.com/pi-hole/pi-hole/blob/master/advanced/Templates/pihole-FTL.systemd",
		nixosModule("networking/pihole-ftl.nix"),
	],
	options: v.strictObject({
		dataDir: folderHere(DATA, "the folder with gravity.db and pihole-FTL.db"),
		folders: moreFolders,
		units: unitsHere(UNITS),
		health: health(false),
	}),
	yields({ dataDir, folders, units, health }, { nixos }) {
		const data = orUsual(dataDir, DATA, nixos);
		return {
			state: {
				"pi-hole": {
					folders: [data, ...folders],
					dumps: ["gravity.db", "pihole-FTL.db"].map((name) => ({ sqlite: `${data}/${name}` })),
					stopOnRestore: orUsual(units, UNITS, nixos),
					healthChecks: asks(health),
				},
			},
		};
	},
	found({ has, nixos }) {
		if (!nixos) return {};
		const deleter = "pihole-ftl-log-deleter.service";
		return {
			...(has(LEASES) ? { folders: [LEASES] } : {}),
			// Naming a service is enough: its timer is stopped with it.
			...(has(`/etc/systemd/system/${deleter}`) ? { units: [...UNITS.nixos, deleter] } : {}),
		};
	},
	signs: { units: ["pihole-FTL.service", "pihole-ftl.service"] },
	proven: "stand-in",
});
