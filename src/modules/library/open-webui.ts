// Open WebUI. Its own backup page leaves out cache and audit.log, and stores vector_db (Chroma) as it is; Chroma must not
// write meanwhile. On NixOS a DynamicUser=; upstream installs no unit. Whether every version of NixOS's module has the data
// directly in the folder is not verified: newer ones may need `dataDir`.
import * as v from "valibot";
import { databaseFor, databaseIn } from "../database-in.ts";
import { serverUnless } from "../found.ts";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { asks, folder, health, moreFolders, units } from "../options.ts";
import { fromEnvironment } from "../settings.ts";
import { within } from "../within.ts";

export const openWebui = defineModule({
	name: "open-webui",
	about:
		"Open WebUI: users, chats, settings, uploads and the vector database. It is stopped while they are copied",
	sources: [
		"https://docs.openwebui.com/tutorials/maintenance/backups",
		"https://github.com/open-webui/open-webui/blob/main/backend/open_webui/env.py",
		nixosModule("misc/open-webui.nix"),
	],
	uses: ["postgresql"],
	options: v.strictObject({
		dataDir: folder("/var/lib/open-webui", "its DATA_DIR"),
		folders: moreFolders,
		database: databaseIn(["sqlite", "postgresql"], { name: "open-webui", file: "webui.db" }),
		units: units(["open-webui.service"]),
		health: health("http://localhost:8080/health"),
	}),
	yields({ dataDir, folders, database, units, health }) {
		const { dumps, services } = databaseFor("open-webui", database, `${dataDir}/webui.db`);
		return {
			state: {
				"open-webui": {
					folders: [dataDir, ...folders],
					exclude: within(dataDir, "cache", "audit.log"),
					dumps,
					stopOnBackup: units,
					stopOnRestore: units,
					healthChecks: asks(health),
				},
			},
			services,
		};
	},
	found(sight) {
		const below = "/var/lib/open-webui/data";
		if (sight.has(`${below}/webui.db`)) return { dataDir: below };
		return serverUnless("/var/lib/open-webui", "webui.db", "postgresql", sight);
	},
	settings: fromEnvironment(["open-webui.service"], {
		DATA_DIR: { option: "dataDir", usual: "/var/lib/open-webui", alsoUsual: "." },
	}),
	signs: { units: ["open-webui.service"] },
	proven: "stand-in",
});
