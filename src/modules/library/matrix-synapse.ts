// Synapse, the Matrix homeserver.
import * as v from "valibot";
import { defineModule } from "../module.ts";
import { asks, configFolder, configured, database, databaseOf, folder, health, units } from "../options.ts";
import { within } from "../within.ts";

export const matrixSynapse = defineModule({
	name: "matrix-synapse",
	about: "Synapse: its database, the media of its users, the signing key and the configuration",
	sources: [
		"https://element-hq.github.io/synapse/latest/usage/administration/backups.html",
		"https://element-hq.github.io/synapse/latest/postgres.html",
	],
	uses: ["postgresql"],
	options: v.strictObject({
		dataDir: folder("/var/lib/matrix-synapse", "media store, and on NixOS the signing key"),
		configDir: configFolder("/etc/matrix-synapse"),
		database: database(
			{ type: "postgresql", name: "matrix-synapse" },
			{ type: "sqlite", file: "/var/lib/matrix-synapse/homeserver.db" },
		),
		units: units(["matrix-synapse.service"]),
		health: health("http://127.0.0.1:8008/health"),
	}),
	yields({ dataDir, configDir, database, units, health }, { nixos }) {
		const { dumps, services } = databaseOf("matrix-synapse", database);
		return {
			state: {
				"matrix-synapse": {
					// The Debian package keeps the signing key with the configuration.
					folders: [dataDir, ...configured(configDir, "/etc/matrix-synapse", nixos)],
					// Synapse recreates both: copies of media from other servers, and generated thumbnails.
					exclude: ["media", "media_store"].flatMap((media) =>
						within(
							dataDir,
							`${media}/remote_content`,
							`${media}/remote_thumbnail`,
							`${media}/remote_thumbnails`,
							`${media}/url_cache`,
							`${media}/url_cache_thumbnails`,
						),
					),
					dumps,
					stopOnRestore: units,
					healthChecks: asks(health),
				},
			},
			services:
				database.type === "postgresql"
					? {
							postgresql: {
								databases: {
									[database.name]: {
										state: "matrix-synapse",
										// One-time keys that were already used must not be handed out again after a restore.
										excludeTableData: ["e2e_one_time_keys_json"],
									},
								},
							},
						}
					: services,
		};
	},
	signs: { units: ["matrix-synapse.service"] },
	proven: "stand-in",
});
