// Jellyfin. Facts: jellyfin.org docs general/administration/backup-and-restore, jellyfin/jellyfin-packaging
// debian/conf/jellyfin (/etc/default/jellyfin); NixOS/nixpkgs nixos/modules/services/misc/jellyfin.nix. Media files are not part of its state: declare their folder to back them up.
import * as v from "valibot";
import { ifConfig, unlessConfig } from "../found.ts";
import { defineModule } from "../module.ts";
import { asks, configFolder, configured, defaultsFile, folder, health, named, units } from "../options.ts";
import { fromEnvironment } from "../settings.ts";
import { within } from "../within.ts";

export const jellyfin = defineModule({
	name: "jellyfin",
	about: "Jellyfin: users, library metadata, watch history and the configuration; not the media",
	sources: ["https://jellyfin.org/docs/general/administration/backup-and-restore/"],
	options: v.strictObject({
		dataDir: folder("/var/lib/jellyfin", "its data folder"),
		configDir: configFolder("/etc/jellyfin"),
		defaults: defaultsFile("/etc/default/jellyfin"),
		units: units(["jellyfin.service"]),
		health: health("http://localhost:8096/health"),
	}),
	yields({ dataDir, configDir, defaults, units, health }, { nixos }) {
		return {
			state: {
				jellyfin: {
					folders: [dataDir, ...configured(configDir, "/etc/jellyfin", nixos), ...named(defaults)],
					exclude: within(dataDir, "transcodes", "data/transcodes", "transcoding-temp", "cache", "log"),
					// Jellyfin has several SQLite files, whose names differ between versions.
					stopOnBackup: units,
					stopOnRestore: units,
					healthChecks: asks(health),
				},
			},
		};
	},
	found: (sight) => ({
		...unlessConfig("/etc/jellyfin", sight),
		...ifConfig("/etc/default/jellyfin", sight, "defaults"),
	}),
	settings: fromEnvironment(
		["jellyfin.service"],
		{ JELLYFIN_DATA_DIR: { option: "dataDir", usual: "/var/lib/jellyfin" } },
		["/etc/default/jellyfin"],
	),
	signs: { units: ["jellyfin.service"] },
	proven: "stand-in",
});
