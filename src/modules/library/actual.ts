// Actual's server: a SQLite file for the accounts in server-files, and one for each budget in user-files, so it is stopped
// for a backup (packages/sync-server/src/load-config.js). On NixOS a DynamicUser=; upstream installs no unit.
import * as v from "valibot";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { asks, folder, healthHere, moreFolders, orUsual, units } from "../options.ts";
import { fromEnvironment } from "../settings.ts";

const HEALTH = { debian: "http://localhost:5006/health", nixos: "http://localhost:3000/health" };

export const actual = defineModule({
	name: "actual",
	about: "Actual: the budgets, accounts and passwords of its server. It is stopped while they are copied",
	sources: [
		"https://actualbudget.org/docs/config/",
		"https://github.com/actualbudget/actual/blob/master/packages/sync-server/src/load-config.js",
		nixosModule("web-apps/actual.nix"),
	],
	options: v.strictObject({
		dataDir: folder("/var/lib/actual", "its dataDir, with server-files and user-files"),
		folders: moreFolders,
		units: units(["actual.service"]),
		health: healthHere(HEALTH),
	}),
	yields: ({ dataDir, folders, units, health }, { nixos }) => ({
		state: {
			actual: {
				folders: [dataDir, ...folders],
				stopOnBackup: units,
				stopOnRestore: units,
				healthChecks: asks(orUsual(health, HEALTH, nixos)),
			},
		},
	}),
	settings: fromEnvironment(["actual.service"], {
		ACTUAL_DATA_DIR: { option: "dataDir", usual: "/var/lib/actual" },
	}),
	signs: { units: ["actual.service"] },
	proven: "stand-in",
});
