// Audiobookshelf. Its own backups hold the database and the metadata of items and authors (server/managers/BackupManager.js).
// The audio books are apart. Upstream's package has its program in the folder with its data (build/debian/DEBIAN/preinst).
import * as v from "valibot";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { asks, folderHere, healthHere, moreFolders, orUsual, units } from "../options.ts";
import { within } from "../within.ts";

const DATA = { debian: "/usr/share/audiobookshelf", nixos: "/var/lib/audiobookshelf" };
const HEALTH = {
	debian: "http://localhost:13378/healthcheck",
	nixos: "http://localhost:8000/healthcheck",
};

export const audiobookshelf = defineModule({
	name: "audiobookshelf",
	about:
		"Audiobookshelf: libraries, users and their progress, covers and metadata. The books are another state",
	sources: [
		"https://www.audiobookshelf.org/docs#backups",
		"https://github.com/advplyr/audiobookshelf/blob/master/server/managers/BackupManager.js",
		"https://github.com/advplyr/audiobookshelf/blob/master/build/debian/DEBIAN/preinst",
		nixosModule("web-apps/audiobookshelf.nix"),
	],
	options: v.strictObject({
		dataDir: folderHere(DATA, "the folder that contains its config and metadata"),
		folders: moreFolders,
		units: units(["audiobookshelf.service"]),
		health: healthHere(HEALTH),
	}),
	yields({ dataDir, folders, units, health }, { nixos }) {
		const home = orUsual(dataDir, DATA, nixos);
		return {
			state: {
				audiobookshelf: {
					folders: [
						`${home}/config`,
						`${home}/metadata`,
						...(nixos ? [] : ["/etc/default/audiobookshelf"]),
						...folders,
					],
					exclude: within(`${home}/metadata`, "cache", "logs", "streams", "tmp"),
					dumps: [{ sqlite: `${home}/config/absdatabase.sqlite` }],
					stopOnRestore: units,
					healthChecks: asks(orUsual(health, HEALTH, nixos)),
				},
			},
		};
	},
	signs: { units: ["audiobookshelf.service"] },
	proven: "stand-in",
});
