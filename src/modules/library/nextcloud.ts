// Nextcloud.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { defineModule } from "../module.ts";
import { asks, database, databaseOf, health, units } from "../options.ts";
import { within } from "../within.ts";

/** Of Nextcloud itself, in its data folder. */
const LOGS = ["nextcloud", "audit", "updater"].flatMap((name) => [`${name}.log`, `${name}.log.1`]);

export const nextcloud = defineModule({
	name: "nextcloud",
	about: "Nextcloud: the users' files, the configuration and the database, while it is in maintenance mode",
	sources: [
		"https://docs.nextcloud.com/server/latest/admin_manual/maintenance/backup.html",
		"https://docs.nextcloud.com/server/latest/admin_manual/maintenance/restore.html",
	],
	uses: ["postgresql", "mariadb"],
	options: v.strictObject({
		folders: v.pipe(
			v.optional(v.pipe(v.array(f.folder), v.minLength(1))),
			v.description(
				"config, data, themes and custom apps (default /var/www/nextcloud, on NixOS /var/lib/nextcloud)",
			),
		),
		database: database(
			{ type: "mariadb", name: "nextcloud" },
			{ type: "sqlite", file: "/var/www/nextcloud/data/owncloud.db" },
		),
		occ: v.pipe(
			v.optional(f.argv),
			v.description("the command that runs occ (default php /var/www/nextcloud/occ, on NixOS nextcloud-occ)"),
		),
		user: v.pipe(
			v.optional(v.union([v.literal(false), f.text])),
			v.description(
				"the user that may run occ, or false for the user that runs Holdfast (default www-data, on NixOS false)",
			),
		),
		units: units(["php8.2-fpm.service"]),
		health: health("http://127.0.0.1/status.php"),
		previews: v.pipe(v.optional(v.boolean(), false), v.description("back up previews too (default false)")),
	}),
	yields({ folders, database, occ, user, units, health, previews }, { nixos }) {
		const command = occ ?? (nixos ? ["nextcloud-occ"] : ["php", "/var/www/nextcloud/occ"]);
		const as = user ?? (nixos ? false : "www-data");
		const asUser = as === false ? {} : { user: as };
		const run = (...words: string[]) => ({ command: [...command, ...words], ...asUser });
		const { dumps, services } = databaseOf("nextcloud", database);
		const all = folders ?? [nixos ? "/var/lib/nextcloud" : "/var/www/nextcloud"];
		return {
			state: {
				nextcloud: {
					folders: all,
					// Only directly in the data folder, which is one of the folders or in one: users' files may have the same names.
					exclude: all
						.flatMap((folder) => [folder, `${folder}/data`])
						.flatMap((data) => within(data, ...LOGS, ...(previews ? [] : ["appdata_*/preview"]))),
					dumps,
					hooks: {
						preBackup: run("maintenance:mode", "--on"),
						postBackup: run("maintenance:mode", "--off"),
						// The archive was created in maintenance mode, and clients must learn that files are from an earlier time.
						postRestore: {
							command: [
								"bash",
								"-euc",
								'"$@" maintenance:mode --off; "$@" maintenance:data-fingerprint',
								"occ",
								...command,
							],
							...asUser,
						},
					},
					stopOnRestore: nixos ? ["phpfpm-nextcloud.service"] : units,
					healthChecks: asks(health),
				},
			},
			services,
		};
	},
	signs: { folders: ["/var/www/nextcloud", "/var/lib/nextcloud"] },
	proven: "stand-in",
});
