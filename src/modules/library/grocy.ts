// Grocy. Upstream's update.sh keeps everything in `data`; on NixOS config.php is generated. `viewcache` holds compiled
// templates and must exist.
import * as v from "valibot";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { asks, folderHere, health, moreFolders, orUsual, unitsHere } from "../options.ts";
import { within } from "../within.ts";

const DATA = { debian: "/var/www/grocy/data", nixos: "/var/lib/grocy" };
const UNITS = { debian: [], nixos: ["phpfpm-grocy.service"] };

export const grocy = defineModule({
	name: "grocy",
	about: "Grocy: products, stock, recipes and users, the pictures and files, settings and plugins",
	sources: [
		"https://github.com/grocy/grocy/blob/master/README.md",
		"https://github.com/grocy/grocy/blob/master/update.sh",
		nixosModule("web-apps/grocy.nix"),
	],
	options: v.strictObject({
		dataDir: folderHere(DATA, "its GROCY_DATAPATH"),
		folders: moreFolders,
		units: unitsHere(UNITS),
		health: health(false),
	}),
	yields({ dataDir, folders, units, health }, { nixos }) {
		const home = orUsual(dataDir, DATA, nixos);
		return {
			state: {
				grocy: {
					folders: [home, ...folders],
					exclude: within(home, "viewcache/*"),
					dumps: [{ sqlite: `${home}/grocy.db` }],
					stopOnRestore: orUsual(units, UNITS, nixos),
					healthChecks: asks(health),
				},
			},
		};
	},
	signs: { units: ["phpfpm-grocy.service"], folders: ["/var/www/grocy/data", "/var/lib/grocy"] },
	proven: "stand-in",
});
