// Nextcloud. Facts: nextcloud/server lib/private/DB/ConnectionFactory.php (the SQLite file), cron.php (it does nothing in
// maintenance mode), nextcloud/documentation admin_manual/maintenance; NixOS/nixpkgs
// nixos/modules/services/web-apps/nextcloud.nix: nextcloud-cron.timer runs every five minutes, and config/override.config.php
// is a link into the store that tmpfiles makes.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { isWithin } from "../../values/paths.ts";
import { defineModule, type Sight } from "../module.ts";
import { asks, database, databaseOf, orUsual, unitsHere, health as usualHealth } from "../options.ts";
import { DATABASE_NAME, Settings } from "../settings.ts";
import { phpValues } from "../settings-text.ts";
import { within } from "../within.ts";

/** Of Nextcloud itself, in its data folder. */
const LOGS = ["nextcloud", "audit", "updater"].flatMap((name) => [`${name}.log`, `${name}.log.1`]);

const FOLDERS = { debian: ["/var/www/nextcloud"], nixos: ["/var/lib/nextcloud"] };
/** SQLite's file is called after the database. */
const FILE = {
	debian: "/var/www/nextcloud/data/owncloud.db",
	nixos: "/var/lib/nextcloud/data/nextcloud.db",
};
/** Naming a service is enough: its timer is stopped with it. */
const UNITS = {
	debian: ["php8.4-fpm.service"],
	nixos: ["phpfpm-nextcloud.service", "nextcloud-cron.service"],
};

/**
 * The archive was created in maintenance mode, and clients must learn that files are from an earlier time. What NixOS links
 * into its store is linked again first: the archive's link may lead to what was deleted since.
 */
const RELEASE = '"$@" maintenance:mode --off; "$@" maintenance:data-fingerprint';
const LINK = "systemd-tmpfiles --create --prefix=/var/lib/nextcloud || true";

export const nextcloud = defineModule({
	name: "nextcloud",
	about: "Nextcloud: the users' files, the configuration and the database, while it is in maintenance mode",
	sources: [
		"https://docs.nextcloud.com/server/latest/admin_manual/maintenance/backup.html",
		"https://docs.nextcloud.com/server/latest/admin_manual/maintenance/restore.html",
		"https://github.com/NixOS/nixpkgs/blob/master/nixos/modules/services/web-apps/nextcloud.nix",
	],
	uses: ["postgresql", "mariadb"],
	options: v.strictObject({
		folders: v.pipe(
			v.optional(v.pipe(v.array(f.folder), v.minLength(1))),
			v.description(
				"config, data, themes and custom apps (default /var/www/nextcloud, on NixOS /var/lib/nextcloud)",
			),
		),
		database: v.pipe(
			database({ type: "mariadb", name: "nextcloud" }, { type: "sqlite", file: FILE.debian }),
			v.description(
				`the database in which it stores its data; on NixOS SQLite's file is ${FILE.nixos} by default`,
			),
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
		units: unitsHere(UNITS),
		health: v.pipe(
			usualHealth(false),
			v.description(
				"a URL that responds if it is healthy, such as http://127.0.0.1/status.php; a site that redirects to https needs its own (default: only occ is asked)",
			),
		),
		previews: v.pipe(v.optional(v.boolean(), false), v.description("back up previews too (default false)")),
	}),
	yields({ folders, database, occ, user, units, health, previews }, { nixos }) {
		const command = occ ?? (nixos ? ["nextcloud-occ"] : ["php", "/var/www/nextcloud/occ"]);
		const as = user ?? (nixos ? false : "www-data");
		const asUser = as === false ? {} : { user: as };
		const run = (...words: string[]) => ({ command: [...command, ...words], ...asUser });
		const file = nixos && database.file === FILE.debian ? FILE.nixos : database.file;
		const { dumps, services } = databaseOf("nextcloud", { ...database, file });
		const all = orUsual(folders, FOLDERS, nixos);
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
						postRestore: {
							command: ["bash", "-euc", nixos ? `${LINK}; ${RELEASE}` : RELEASE, "occ", ...command],
							...asUser,
						},
					},
					stopOnRestore: orUsual(units, UNITS, nixos),
					healthChecks: [run("status"), ...asks(health)],
				},
			},
			services,
		};
	},
	found: ({ units, has, nixos }) => (nixos ? onNixos(has) : onDebian(units)),
	settings,
	signs: { folders: ["/var/www/nextcloud", "/var/lib/nextcloud"] },
	proven: "stand-in",
});

/** What writes to it: PHP, in its own service or in Apache, and the background jobs. */
function onDebian(names: readonly string[]) {
	const writes = /^(php[\d.]*-fpm|apache2|cron|nextcloudcron)\.service$/;
	const units = names.filter((name) => writes.test(name));
	return units.length === 0 ? {} : { units };
}

function onNixos(has: Sight["has"]) {
	const more = ["nextcloud-update-db.service", "nextcloud-update-plugins.service"].filter((unit) =>
		has(`/etc/systemd/system/${unit}`),
	);
	return more.length === 0 ? {} : { units: [...UNITS.nixos, ...more] };
}

const KINDS: Readonly<Record<string, string>> = { mysql: "mariadb", pgsql: "postgresql", sqlite3: "sqlite" };

/** What config.php says: `datadirectory` may be anywhere. */
function settings(sight: Sight): Settings {
	const told = new Settings(sight);
	const [home = ""] = sight.nixos ? FOLDERS.nixos : FOLDERS.debian;
	const file = `${home}/config/config.php`;
	if (!told.file(file, phpValues)) return told;
	// On NixOS it may be in override.config.php alone.
	if (!told.has("datadirectory") && !sight.nixos)
		told.unclear.push(`${file} does not say where the users' files are (datadirectory): check it`);
	const data = told.path("datadirectory", (path) => isWithin(path, home), "the users' files");
	if (data !== undefined) told.set({ folders: [home, data] });
	if (told.has("objectstore"))
		told.unclear.push(
			`the users' files are in an object store (objectstore in ${file}), which is not backed up`,
		);
	const type = KINDS[told.text("dbtype", "its kind of database", /^(mysql|pgsql|sqlite3)$/) ?? ""];
	const name = told.text("dbname", "the name of its database", DATABASE_NAME);
	if (type === "sqlite")
		told.set({
			database: {
				type,
				file: `${data ?? told.below("datadirectory", home) ?? `${home}/data`}/${name ?? "owncloud"}.db`,
			},
		});
	else if (type !== undefined) told.set({ database: { type, ...(name === undefined ? {} : { name }) } });
	told.server("dbhost");
	return told;
}
