// Pi-hole 6. Its own export (Teleporter, src/zip/teleporter.c) has pihole.toml, dhcp.leases and gravity.db, which is kept
// because it holds the lists, groups and clients; pihole-FTL.db holds the query history. On NixOS both databases are in
// its state directory, while leases stay in /etc/pihole. No health check: the web server may be off, and names may be
// resolved elsewhere.
import * as v from "valibot";
import { chosen, folderBy, nixosModule, unitsBy } from "../layouts.ts";
import { defineModule } from "../module.ts";
import { asks, health, moreFolders } from "../options.ts";

const CONFIG = "/etc/pihole";
const DATA = { packaged: CONFIG, nixos: "/var/lib/pihole" };
const UNITS = { packaged: ["pihole-FTL.service"], nixos: ["pihole-ftl.service"] };

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
		dataDir: folderBy(DATA, "the folder with gravity.db and pihole-FTL.db"),
		folders: moreFolders,
		units: unitsBy(UNITS),
		health: health(false),
	}),
	yields({ dataDir, folders, units, health }, { nixos }) {
		const data = chosen(dataDir, DATA, nixos);
		return {
			state: {
				"pi-hole": {
					folders: [...new Set([data, CONFIG, ...folders])],
					dumps: ["gravity.db", "pihole-FTL.db"].map((name) => ({ sqlite: `${data}/${name}` })),
					stopOnRestore: chosen(units, UNITS, nixos),
					healthChecks: asks(health),
				},
			},
		};
	},
	signs: { units: ["pihole-FTL.service", "pihole-ftl.service"] },
	proven: "stand-in",
});
