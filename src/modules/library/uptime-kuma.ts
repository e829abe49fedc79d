// Uptime Kuma (server/database.js has the names of its files). On NixOS a DynamicUser=; upstream installs no unit. The kind
// and the name of its database are in db-config.json.
import * as v from "valibot";
import { databaseFor, databaseIn } from "../database-in.ts";
import { serverUnless } from "../found.ts";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { asks, folder, health, moreFolders, units } from "../options.ts";
import { fromEnvironment } from "../settings.ts";

export const uptimeKuma = defineModule({
	name: "uptime-kuma",
	about: "Uptime Kuma: monitors, their history, notifications, status pages and uploads",
	sources: [
		"https://github.com/louislam/uptime-kuma/blob/master/server/database.js",
		"https://github.com/louislam/uptime-kuma/blob/master/server/routers/api-router.js",
		nixosModule("monitoring/uptime-kuma.nix"),
	],
	uses: ["mariadb"],
	options: v.strictObject({
		dataDir: folder("/var/lib/uptime-kuma", "its DATA_DIR"),
		folders: moreFolders,
		database: databaseIn(["sqlite", "mariadb"], { name: "kuma", file: "kuma.db" }),
		units: units(["uptime-kuma.service"]),
		health: health("http://localhost:3001/api/entry-page"),
	}),
	yields({ dataDir, folders, database, units, health }) {
		const { dumps, services } = databaseFor("uptime-kuma", database, `${dataDir}/kuma.db`);
		return {
			state: {
				"uptime-kuma": {
					folders: [dataDir, ...folders],
					dumps,
					stopOnRestore: units,
					healthChecks: asks(health),
				},
			},
			services,
		};
	},
	found: (sight) => serverUnless("/var/lib/uptime-kuma", "kuma.db", "mariadb", sight),
	settings: fromEnvironment(["uptime-kuma.service"], {
		DATA_DIR: { option: "dataDir", usual: "/var/lib/uptime-kuma" },
	}),
	signs: { units: ["uptime-kuma.service"] },
	proven: "stand-in",
});
