// Radicale: collections are folders, items are files. Its caches are in folders of the collections and small; they stay.
// The same layout everywhere; on NixOS the configuration is generated.
import * as v from "valibot";
import { unlessConfig } from "../found.ts";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { asks, configFolder, configured, folder, health, moreFolders, units } from "../options.ts";

export const radicale = defineModule({
	name: "radicale",
	about: "Radicale: calendars and address books, accounts and rights",
	sources: [
		"https://radicale.org/master.html#filesystem_folder",
		"https://radicale.org/master.html#linux-with-systemd-system-wide",
		nixosModule("networking/radicale.nix"),
	],
	options: v.strictObject({
		dataDir: folder("/var/lib/radicale/collections", "its filesystem_folder"),
		configDir: configFolder("/etc/radicale"),
		folders: moreFolders,
		units: units(["radicale.service"]),
		health: health("http://localhost:5232/.web/"),
	}),
	yields: ({ dataDir, configDir, folders, units, health }, { nixos }) => ({
		state: {
			radicale: {
				folders: [dataDir, ...configured(configDir, "/etc/radicale", nixos), ...folders],
				stopOnRestore: units,
				healthChecks: asks(health),
			},
		},
	}),
	found: (sight) => unlessConfig("/etc/radicale", sight),
	signs: { units: ["radicale.service"] },
	proven: "stand-in",
});
