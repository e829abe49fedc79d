// Mattermost. Its documentation asks for the database, `config` and `data`, and for a stop "to make a clean backup". Here
// the database is dumped first, so at worst a file that arrives meanwhile has no message. To have both from the same moment:
// state: { mattermost: { stopOnBackup: [mattermost.service] } }. On NixOS the data folder contains links into the store,
// which systemd-tmpfiles makes again: those in an archive may lead to what was collected meanwhile.
import * as v from "valibot";
import { databaseFor, databaseIn } from "../database-in.ts";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { asks, folderHere, health, moreFolders, orUsual, units } from "../options.ts";

const DATA = { debian: "/opt/mattermost/data", nixos: "/var/lib/mattermost" };
const CONFIG = { debian: "/opt/mattermost/config", nixos: "/etc/mattermost" };

export const mattermost = defineModule({
	name: "mattermost",
	about: "Mattermost: messages, users, files, and its configuration with the keys of SAML",
	sources: [
		"https://docs.mattermost.com/deployment-guide/backup-disaster-recovery.html",
		"https://docs.mattermost.com/deployment-guide/server/linux/deploy-ubuntu.html",
		nixosModule("web-apps/mattermost.nix"),
	],
	uses: ["postgresql"],
	options: v.strictObject({
		dataDir: folderHere(DATA, "its FileSettings.Directory"),
		configDir: folderHere(CONFIG, "the folder with config.json"),
		folders: moreFolders,
		database: databaseIn(["postgresql"], { name: "mattermost" }),
		units: units(["mattermost.service"]),
		health: health("http://localhost:8065/api/v4/system/ping"),
	}),
	yields({ dataDir, configDir, folders, database, units, health }, { nixos }) {
		const data = orUsual(dataDir, DATA, nixos);
		const { services } = databaseFor("mattermost", database);
		return {
			state: {
				mattermost: {
					folders: [data, orUsual(configDir, CONFIG, nixos), ...folders],
					...(nixos ? { hooks: { postRestore: ["systemd-tmpfiles", "--create", `--prefix=${data}`] } } : {}),
					stopOnRestore: units,
					healthChecks: asks(health),
				},
			},
			services,
		};
	},
	signs: { units: ["mattermost.service"] },
	proven: "stand-in",
});
