// Firefly III. Without its APP_KEY some of the database cannot be read: upstream it is in `.env`, on NixOS in the file
// `settings.APP_KEY_FILE`, which must be named here. The folders below storage/framework and storage/logs must exist.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { databaseFor, databaseIn } from "../database-in.ts";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { asks, folderHere, health, orUsual, unitsHere } from "../options.ts";
import { within } from "../within.ts";

const DATA = { debian: "/var/www/firefly-iii", nixos: "/var/lib/firefly-iii" };
/** On NixOS the setup upgrades the database and stays active, so it must run again before the web pages. */
const UNITS = {
	debian: [],
	nixos: ["firefly-iii-setup.service", "phpfpm-firefly-iii.service", "firefly-iii-cron.timer"],
};

export const fireflyIii = defineModule({
	name: "firefly-iii",
	about:
		"Firefly III: the accounts and transactions, uploads, the OAuth keys of its API, and the key of the application",
	sources: [
		"https://docs.firefly-iii.org/how-to/firefly-iii/advanced/backup/",
		"https://docs.firefly-iii.org/how-to/firefly-iii/installation/self-managed/",
		"https://github.com/firefly-iii/firefly-iii/blob/main/.env.example",
		nixosModule("web-apps/firefly-iii.nix"),
	],
	uses: ["postgresql", "mariadb"],
	options: v.strictObject({
		dataDir: folderHere(DATA, "the folder that contains its `storage`"),
		keys: v.pipe(
			v.optional(v.array(f.folder)),
			v.description(
				"the files with its APP_KEY and other secrets (default /var/www/firefly-iii/.env, on NixOS none: name its APP_KEY_FILE)",
			),
		),
		database: databaseIn(["sqlite", "mariadb", "postgresql"], {
			name: "firefly",
			file: "storage/database/database.sqlite",
		}),
		units: unitsHere(UNITS),
		health: health(false),
	}),
	yields({ dataDir, keys, database, units, health }, { nixos }) {
		const home = orUsual(dataDir, DATA, nixos);
		const storage = `${home}/storage`;
		const { dumps, services } = databaseFor("firefly-iii", database, `${storage}/database/database.sqlite`);
		return {
			state: {
				"firefly-iii": {
					folders: [storage, ...orUsual(keys, { debian: [`${home}/.env`], nixos: [] }, nixos)],
					exclude: within(
						storage,
						"framework/cache/data/*",
						"framework/sessions/*",
						"framework/views/*",
						"logs/*",
					),
					dumps,
					stopOnRestore: orUsual(units, UNITS, nixos),
					healthChecks: asks(health),
				},
			},
			services,
		};
	},
	signs: {
		units: ["phpfpm-firefly-iii.service"],
		folders: ["/var/www/firefly-iii", "/var/lib/firefly-iii"],
	},
	proven: "stand-in",
});
