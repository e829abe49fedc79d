// Synapse, the Matrix homeserver. Facts: element-hq/synapse docs/usage/administration/backups.md, docs/postgres.md,
// docs/systemd-with-workers/system/; NixOS/nixpkgs nixos/modules/services/matrix/synapse.nix; clan-core
// clanServices/matrix-synapse/default.nix, where it listens on ::1 only.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { defineModule } from "../module.ts";
import { asks, configFolder, configured, database, databaseOf, folder, health, units } from "../options.ts";
import { within } from "../within.ts";

/** Those that were already used must not be handed out again after a restore. */
const ONE_TIME_KEYS = "e2e_one_time_keys_json";

/** As the account, since a trigger in its file may do what SQLite's shell can; -safe keeps that from running programs. */
const forgetKeys = (file: string, user: string) => ({
	command: ["sqlite3", "-batch", "-safe", file, `DELETE FROM ${ONE_TIME_KEYS}`],
	user,
});

function foundWorkers(units: readonly string[]) {
	const workers = units.filter((unit) => /^matrix-synapse-worker[@-].+\.service$/.test(unit));
	return workers.length === 0 ? {} : { workers };
}

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
			["postgresql"],
		),
		user: v.pipe(
			v.optional(f.text, "matrix-synapse"),
			v.description("the account that owns SQLite's file (default matrix-synapse)"),
		),
		units: units(["matrix-synapse.service"]),
		workers: v.pipe(
			v.optional(v.array(f.unitName), []),
			v.description(
				"the units of its workers, such as matrix-synapse-worker@media.service, which otherwise write during a restore",
			),
		),
		health: health("http://localhost:8008/health"),
	}),
	yields({ dataDir, configDir, database, user, units, workers, health }, { nixos }) {
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
					// PostgreSQL's dump has none of these rows. Synapse's table for them is the same on both.
					...(database.type === "sqlite" ? { hooks: { postRestore: forgetKeys(database.file, user) } } : {}),
					stopOnRestore: [...units, ...workers],
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
										excludeTableData: [ONE_TIME_KEYS],
									},
								},
							},
						}
					: services,
		};
	},
	found: ({ has, units, nixos }) => ({
		...foundWorkers(units),
		// Debian's package starts with SQLite, whose file stays where it was after a move to PostgreSQL; Synapse's own
		// instructions call that database "synapse".
		...(nixos
			? {}
			: has("/var/lib/matrix-synapse/homeserver.db") && !units.some((unit) => unit.startsWith("postgresql"))
				? { database: { type: "sqlite" } }
				: { database: { name: "synapse" } }),
	}),
	signs: { units: ["matrix-synapse.service"] },
	proven: "stand-in",
});
