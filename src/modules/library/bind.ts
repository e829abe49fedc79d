// BIND. Zones that are updated while it runs have a journal; `rndc sync` writes it into the zone's file. It is not stopped
// for a backup: this machine may need it to find its destination. That Debian's unit is named.service, its zones in
// /var/lib/bind, and what /var/cache/bind holds comes from other servers, was not read in the package. On NixOS the
// configuration is generated and zones are where it says: they must be named in `folders`. No health check: what it
// answers depends on its zones.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { orUsual, unitsHere } from "../options.ts";

const FOLDERS = { debian: ["/etc/bind", "/var/lib/bind"], nixos: ["/etc/bind"] };
const UNITS = { debian: ["named.service"], nixos: ["bind.service"] };

const SYNC = 'for unit; do ! systemctl is-active -q "$unit" || rndc sync; done';

export const bind = defineModule({
	name: "bind",
	about: "BIND: its zones, their keys and its configuration",
	sources: ["https://bind9.readthedocs.io/en/latest/manpages.html#rndc", nixosModule("networking/bind.nix")],
	options: v.strictObject({
		folders: v.pipe(
			v.optional(v.pipe(v.array(f.folder), v.minLength(1))),
			v.description(
				"its configuration, keys and zones (default /etc/bind and /var/lib/bind, on NixOS /etc/bind, which has only the key of rndc)",
			),
		),
		units: unitsHere(UNITS),
	}),
	yields({ folders, units }, { nixos }) {
		const own = orUsual(units, UNITS, nixos);
		return {
			state: {
				bind: {
					folders: orUsual(folders, FOLDERS, nixos),
					// On NixOS rndc is not among the programs of the system.
					...(nixos ? {} : { hooks: { preBackup: ["sh", "-euc", SYNC, "sh", ...own] } }),
					stopOnRestore: own,
				},
			},
		};
	},
	signs: { units: ["named.service", "bind.service"] },
	proven: "stand-in",
});
