// Grocy. Upstream's update.sh keeps everything in `data`; on NixOS config.php is generated. `viewcache` holds compiled
// templates and must exist.
import * as v from "valibot";
import { chosen, folderBy, nixosModule, unitsBy } from "../layouts.ts";
import { defineModule } from "../module.ts";
import { asks, health, moreFolders } from "../options.ts";
import { within } from "../within.ts";

const DATA = { packaged: "/var/www/grocy/data", nixos: "/var/lib/grocy" };
const UNITS = { packaged: [], nixos: ["phpfpm-grocy.service"] };

export const grocy = defineModule({
	name: "grocy",
	about: "Grocy: products, stock, recipes and users, the pictures and files, settings and plugins",
	sources: [
		"https://github.com/grocy/grocy/blob/master/README.md",
		"https://github.com/grocy/grocy/blob/master/update.sh",
		nixosModule("web-apps/grocy.nix"),
	],
	options: v.strictObject({
		dataDir: folderBy(DATA, "its GROCY_DATAPATH"),
		folders: moreFolders,
		units: unitsBy(UNITS),
		health: health(false),
	}),
	yields({ dataDir, folders, units, health }, { nixos }) {
		const home = chosen(dataDir, DATA, nixos);
		return {
			state: {
				grocy: {
					folders: [home, ...folders],
					exclude: within(home, "viewcache/*"),
					dumps: [{ sqlite: `${home}/grocy.db` }],
					stopOnRestore: chosen(units, UNITS, nixos),
					healthChecks: asks(health),
				},
			},
		};
	},
	signs: { units: ["phpfpm-grocy.service"], folders: ["/var/www/grocy/data", "/var/lib/grocy"] },
	proven: "stand-in",
});
