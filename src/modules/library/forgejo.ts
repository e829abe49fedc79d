// Forgejo and Gitea, which share their layout. Facts: forgejo docs admin/installation/binary, gitea docs
// administration/backup-and-restore ("must be shutdown"); NixOS/nixpkgs nixos/modules/services/misc/{forgejo,gitea}.nix.
import * as v from "valibot";
import { defineModule } from "../module.ts";
import {
	asks,
	configFolder,
	configured,
	database,
	databaseOf,
	folder,
	health,
	moreFolders,
	units,
} from "../options.ts";
import { within } from "../within.ts";

function forge<const N extends "forgejo" | "gitea">(name: N, about: string, sources: readonly string[]) {
	return defineModule({
		name,
		about,
		sources,
		uses: ["postgresql", "mariadb"],
		options: v.strictObject({
			dataDir: folder(`/var/lib/${name}`, "repositories, LFS, attachments, avatars"),
			configDir: configFolder(`/etc/${name}`),
			folders: moreFolders,
			database: database(
				{ type: "sqlite", name },
				{ type: "sqlite", file: `/var/lib/${name}/data/${name}.db` },
			),
			units: units([`${name}.service`]),
			health: health("http://localhost:3000/api/healthz"),
		}),
		yields({ dataDir, configDir, folders, database, units, health }, { nixos }) {
			const { dumps, services } = databaseOf(name, database);
			return {
				state: {
					[name]: {
						// Without the keys in app.ini, two-factor secrets and the passwords of mirrors cannot be decrypted.
						folders: [dataDir, ...configured(configDir, `/etc/${name}`, nixos), ...folders],
						exclude: within(dataDir, "data/tmp", "data/indexers", "data/sessions", "log"),
						dumps,
						// Without streamed dumps, such as to several destinations, the database is dumped right before the stop: a
						// push in between is in the repositories, and not in the database.
						stopOnBackup: units,
						stopOnRestore: units,
						healthChecks: asks(health),
					},
				},
				services,
			};
		},
		// Upstream's instructions give the user git a home of its own, where authorized_keys is; on NixOS it is the data folder.
		found: ({ has, units, nixos }) =>
			nixos || !has("/home/git/.ssh") || units.some((unit) => name === "gitea" && unit === "forgejo.service")
				? {}
				: { folders: ["/home/git/.ssh"] },
		signs: { units: [`${name}.service`] },
		proven: "stand-in",
	});
}

export const forgejo = forge(
	"forgejo",
	"Forgejo: repositories, LFS, attachments and the database; it is stopped while they are copied",
	[
		"https://forgejo.org/docs/latest/admin/command-line/#dump",
		"https://forgejo.org/docs/latest/admin/upgrade/#backup",
	],
);
export const gitea = forge(
	"gitea",
	"Gitea: repositories, LFS, attachments and the database; it is stopped while they are copied",
	["https://docs.gitea.com/administration/backup-and-restore"],
);
