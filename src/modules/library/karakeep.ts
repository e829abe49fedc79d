// Karakeep. Meilisearch holds a copy for the search, which its administrators make again with "Re-index". Layouts: NixOS,
// and upstream's karakeep-linux.sh. On NixOS `settings.env`, with the secret that signs sessions, is in the data folder.
import * as v from "valibot";
import { unlessConfig } from "../found.ts";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import {
	asks,
	configFolder,
	configured,
	folder,
	health,
	moreFolders,
	orUsual,
	unitsHere,
} from "../options.ts";
import { fromEnvironment } from "../settings.ts";

/** On NixOS karakeep-init migrates the database and stays active, so it must run again before the others. */
const UNITS = {
	debian: ["karakeep-workers.service", "karakeep-web.service"],
	nixos: ["karakeep-init.service", "karakeep-workers.service", "karakeep-web.service"],
};

export const karakeep = defineModule({
	name: "karakeep",
	about: "Karakeep: bookmarks, lists, users, the stored pages and images, and pending jobs",
	sources: [
		"https://docs.karakeep.app/configuration/environment-variables",
		"https://github.com/karakeep-app/karakeep/blob/main/karakeep-linux.sh",
		"https://github.com/karakeep-app/karakeep/blob/main/packages/plugins/queue-liteque/src/index.ts",
		nixosModule("web-apps/karakeep.nix"),
	],
	options: v.strictObject({
		dataDir: folder("/var/lib/karakeep", "its DATA_DIR"),
		configDir: configFolder("/etc/karakeep"),
		folders: moreFolders,
		queue: v.pipe(
			v.optional(v.boolean(), true),
			v.description("its jobs are in queue.db, not in another queue (default true)"),
		),
		units: unitsHere(UNITS),
		health: health("http://localhost:3000/api/health"),
	}),
	yields: ({ dataDir, configDir, folders, queue, units, health }, { nixos }) => ({
		state: {
			karakeep: {
				folders: [dataDir, ...configured(configDir, "/etc/karakeep", nixos), ...folders],
				dumps: ["db.db", ...(queue ? ["queue.db"] : [])].map((name) => ({ sqlite: `${dataDir}/${name}` })),
				stopOnRestore: orUsual(units, UNITS, nixos),
				healthChecks: asks(health),
			},
		},
	}),
	found: (sight) => ({
		...unlessConfig("/etc/karakeep", sight),
		...(sight.has("/var/lib/karakeep/db.db") && !sight.has("/var/lib/karakeep/queue.db")
			? { queue: false }
			: {}),
	}),
	settings: fromEnvironment(
		["karakeep-web.service"],
		{ DATA_DIR: { option: "dataDir", usual: "/var/lib/karakeep" } },
		["/etc/karakeep/karakeep.env"],
	),
	signs: { units: ["karakeep-web.service"] },
	proven: "stand-in",
});
