// Navidrome (consts/consts.go names the database). `artwork` is kept: it has the images that users uploaded. The music is
// apart. Upstream's package: release/linux. On NixOS the state directory may belong to a DynamicUser=.
import * as v from "valibot";
import { unlessConfig } from "../found.ts";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { asks, configFolder, configured, folder, health, moreFolders, units } from "../options.ts";
import { fromEnvironment } from "../settings.ts";
import { within } from "../within.ts";

export const navidrome = defineModule({
	name: "navidrome",
	about: "Navidrome: users, playlists, play counts and ratings. The music is another state",
	sources: [
		"https://www.navidrome.org/docs/usage/admin/backup/",
		"https://github.com/navidrome/navidrome/blob/master/release/linux/postinstall.sh",
		nixosModule("audio/navidrome.nix"),
	],
	options: v.strictObject({
		dataDir: folder("/var/lib/navidrome", "its DataFolder"),
		configDir: configFolder("/etc/navidrome"),
		folders: moreFolders,
		units: units(["navidrome.service"]),
		health: health("http://localhost:4533/ping"),
	}),
	yields: ({ dataDir, configDir, folders, units, health }, { nixos }) => ({
		state: {
			navidrome: {
				folders: [dataDir, ...configured(configDir, "/etc/navidrome", nixos), ...folders],
				exclude: within(dataDir, "cache/*"),
				dumps: [{ sqlite: `${dataDir}/navidrome.db` }],
				stopOnRestore: units,
				healthChecks: asks(health),
			},
		},
	}),
	found: (sight) => unlessConfig("/etc/navidrome", sight),
	settings: fromEnvironment(["navidrome.service"], {
		ND_DATAFOLDER: { option: "dataDir", usual: "/var/lib/navidrome" },
	}),
	signs: { units: ["navidrome.service"] },
	proven: "stand-in",
});
