// Sonarr, Radarr and Prowlarr, which are made alike (src/NzbDrone.Common/Extensions/PathExtensions.cs has the names of the
// files). Their own backups hold config.xml, with the API key, and the database (src/NzbDrone.Core/Backup/BackupService.cs);
// the log database begins empty. The media are apart.
import * as v from "valibot";
import { databaseFor, databaseIn } from "../database-in.ts";
import { serverUnless } from "../found.ts";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { asks, folderHere, health, moreFolders, orUsual, type Usual, units } from "../options.ts";
import { within } from "../within.ts";

function servarr<const N extends "sonarr" | "radarr" | "prowlarr">(
	name: N,
	product: string,
	{ data, port }: { readonly data: Usual<string>; readonly port: number },
) {
	return defineModule({
		name,
		about: `${product}: its settings, keys, library and history. The media and the downloads are other states`,
		sources: [
			`https://wiki.servarr.com/${name}/appdata-directory`,
			`https://wiki.servarr.com/${name}/installation/linux`,
			`https://wiki.servarr.com/${name}/postgres-setup`,
			nixosModule(`misc/servarr/${name}.nix`),
		],
		uses: ["postgresql"],
		options: v.strictObject({
			dataDir: folderHere(data, "the folder with its config.xml"),
			folders: moreFolders,
			database: databaseIn(["sqlite", "postgresql"], { name: `${name}-main`, file: `${name}.db` }),
			units: units([`${name}.service`]),
			health: health(`http://localhost:${port}/ping`),
		}),
		yields({ dataDir, folders, database, units, health }, { nixos }) {
			const home = orUsual(dataDir, data, nixos);
			const { dumps, services } = databaseFor(name, database, `${home}/${name}.db`);
			return {
				state: {
					[name]: {
						folders: [home, ...folders],
						exclude: within(home, "logs", "logs.db", "logs.db-wal", "logs.db-shm"),
						dumps,
						stopOnRestore: units,
						healthChecks: asks(health),
					},
				},
				services,
			};
		},
		found: (sight) => serverUnless(sight.nixos ? data.nixos : data.debian, `${name}.db`, "postgresql", sight),
		signs: { units: [`${name}.service`] },
		proven: "stand-in",
	});
}

export const sonarr = servarr("sonarr", "Sonarr", {
	data: { debian: "/var/lib/sonarr", nixos: "/var/lib/sonarr/.config/NzbDrone" },
	port: 8989,
});
export const radarr = servarr("radarr", "Radarr", {
	data: { debian: "/var/lib/radarr", nixos: "/var/lib/radarr/.config/Radarr" },
	port: 7878,
});
/** On NixOS a DynamicUser=: /var/lib/prowlarr is a symlink into /var/lib/private. */
export const prowlarr = servarr("prowlarr", "Prowlarr", {
	data: { debian: "/var/lib/prowlarr", nixos: "/var/lib/prowlarr" },
	port: 9696,
});
