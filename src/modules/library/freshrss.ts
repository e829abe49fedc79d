// FreshRSS. With SQLite each account has a database, data/users/NAME/db.sqlite (lib/Minz/ModelPdo.php): those that are
// named are dumped; if none is, the units are stopped for a backup. Its cache is made again. On NixOS freshrss-config
// stays active, and writes the declared settings again when it is started.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { databaseFor, databaseIn } from "../database-in.ts";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { asks, folderHere, health, moreFolders, orUsual, unitsHere } from "../options.ts";
import { within } from "../within.ts";

const DATA = { debian: "/usr/share/FreshRSS/data", nixos: "/var/lib/freshrss" };
const UNITS = {
	debian: ["php8.4-fpm.service"],
	nixos: [
		"freshrss-config.service",
		"phpfpm-freshrss.service",
		"freshrss-updater.service",
		"freshrss-updater.timer",
	],
};

export const freshrss = defineModule({
	name: "freshrss",
	about: "FreshRSS: the accounts, their feeds and articles, and its settings",
	sources: [
		"https://freshrss.github.io/FreshRSS/en/admins/05_Backup.html",
		"https://github.com/FreshRSS/FreshRSS/blob/edge/lib/Minz/ModelPdo.php",
		nixosModule("web-apps/freshrss.nix"),
	],
	uses: ["postgresql", "mariadb"],
	options: v.pipe(
		v.strictObject({
			dataDir: folderHere(DATA, "its DATA_PATH"),
			folders: moreFolders,
			database: databaseIn(["sqlite", "postgresql", "mariadb"], {
				name: "freshrss",
				file: "users/NAME/db.sqlite",
			}),
			users: v.pipe(
				v.optional(v.array(f.name), []),
				v.description(
					"the accounts whose SQLite databases are dumped, so that nothing is stopped for a backup",
				),
			),
			units: unitsHere(UNITS),
			health: health(false),
		}),
		v.check(
			({ database, users, units }) =>
				database.type !== "sqlite" || users.length > 0 || units === undefined || units.length > 0,
			"its SQLite databases are written while they are copied: name its users or its units",
		),
	),
	yields({ dataDir, folders, database, users, units, health }, { nixos }) {
		const home = orUsual(dataDir, DATA, nixos);
		const own = orUsual(units, UNITS, nixos);
		const isFile = database.type === "sqlite";
		const { services } = databaseFor("freshrss", database);
		return {
			state: {
				freshrss: {
					folders: [home, ...folders],
					exclude: within(home, "cache/*"),
					dumps: isFile ? users.map((user) => ({ sqlite: `${home}/users/${user}/db.sqlite` })) : [],
					stopOnBackup: isFile && users.length === 0 ? own : [],
					stopOnRestore: own,
					healthChecks: asks(health),
				},
			},
			services,
		};
	},
	found({ units, nixos }) {
		const own = nixos ? [] : units.filter((unit) => /^(php[\d.]*-fpm|apache2|cron)\.service$/.test(unit));
		return own.length === 0 ? {} : { units: own };
	},
	signs: {
		units: ["phpfpm-freshrss.service", "freshrss-config.service"],
		folders: ["/usr/share/FreshRSS/data", "/var/lib/freshrss"],
	},
	proven: "stand-in",
});
