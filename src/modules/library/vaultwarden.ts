// Vaultwarden, a server for Bitwarden clients.
import * as v from "valibot";
import { defineModule } from "../module.ts";
import { asks, database, databaseOf, folder, health, moreFolders, units } from "../options.ts";
import { within } from "../within.ts";

export const vaultwarden = defineModule({
	name: "vaultwarden",
	about: "Vaultwarden: the vaults, attachments, sends, and the keys that sign its users in",
	sources: ["https://github.com/dani-garcia/vaultwarden/wiki/Backing-up-your-vault"],
	uses: ["postgresql", "mariadb"],
	options: v.strictObject({
		dataDir: folder("/var/lib/vaultwarden", "its DATA_FOLDER"),
		database: database(
			{ type: "sqlite", name: "vaultwarden" },
			{ type: "sqlite", file: "/var/lib/vaultwarden/db.sqlite3" },
		),
		folders: moreFolders,
		units: units(["vaultwarden.service"]),
		health: health("http://127.0.0.1:8000/alive"),
	}),
	yields({ dataDir, database, folders, units, health }) {
		const { dumps, services } = databaseOf("vaultwarden", database);
		return {
			state: {
				vaultwarden: {
					folders: [dataDir, ...folders],
					exclude: within(dataDir, "icon_cache", "tmp"),
					dumps,
					stopOnRestore: units,
					healthChecks: asks(health),
				},
			},
			services,
		};
	},
	signs: { units: ["vaultwarden.service"] },
	proven: "stand-in",
});
