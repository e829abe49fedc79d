// Vaultwarden, a server for Bitwarden clients. Facts: dani-garcia/vaultwarden .env.template; NixOS/nixpkgs
// nixos/modules/services/security/vaultwarden/default.nix, where it listens on ::1, port 8222.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { defineModule } from "../module.ts";
import { asks, database, databaseOf, folder, healthHere, moreFolders, orUsual, units } from "../options.ts";
import { within } from "../within.ts";

const HEALTH = { debian: "http://localhost:8000/alive", nixos: "http://localhost:8222/alive" };

const BACKUP = "backup-vaultwarden.service";

export const vaultwarden = defineModule({
	name: "vaultwarden",
	about: "Vaultwarden: the vaults, attachments, sends, and the keys that sign its users in",
	sources: ["https://github.com/dani-garcia/vaultwarden/wiki/Backing-up-your-vault"],
	uses: ["postgresql", "mariadb"],
	options: v.strictObject({
		dataDir: folder("/var/lib/vaultwarden", "its DATA_FOLDER"),
		environmentFile: v.pipe(
			v.optional(f.path),
			v.description("the file with its ADMIN_TOKEN and DATABASE_URL (default: not backed up)"),
		),
		database: database(
			{ type: "sqlite", name: "vaultwarden" },
			{ type: "sqlite", file: "/var/lib/vaultwarden/db.sqlite3" },
		),
		folders: moreFolders,
		units: units(["vaultwarden.service"]),
		health: healthHere(HEALTH),
	}),
	yields({ dataDir, environmentFile, database, folders, units, health }, { nixos }) {
		const { dumps, services } = databaseOf("vaultwarden", database);
		return {
			state: {
				vaultwarden: {
					folders: [dataDir, ...(environmentFile ? [environmentFile] : []), ...folders],
					exclude: within(dataDir, "icon_cache", "tmp"),
					dumps,
					stopOnRestore: units,
					healthChecks: asks(orUsual(health, HEALTH, nixos)),
				},
			},
			services,
		};
	},
	found: ({ has, units, nixos }) => {
		// NixOS keeps the name from before system.stateVersion 24.11.
		const old = "/var/lib/bitwarden_rs";
		const isOld = nixos && has(old) && !has("/var/lib/vaultwarden");
		const environmentFile = ["/etc/vaultwarden.env", "/var/lib/vaultwarden.env"].find(has);
		return {
			...(isOld ? { dataDir: old, database: { file: `${old}/db.sqlite3` } } : {}),
			...(environmentFile === undefined ? {} : { environmentFile }),
			// NixOS's own backup of the database, where its backupDir is set.
			...(units.includes(BACKUP) ? { units: ["vaultwarden.service", BACKUP] } : {}),
		};
	},
	signs: { units: ["vaultwarden.service"] },
	proven: "stand-in",
});
