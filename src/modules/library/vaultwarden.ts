// Vaultwarden, a server for Bitwarden clients. Facts: dani-garcia/vaultwarden .env.template; NixOS/nixpkgs
// nixos/modules/services/security/vaultwarden/default.nix, where it listens on ::1, port 8222.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { isWithin } from "../../values/paths.ts";
import { defineModule, type Sight } from "../module.ts";
import { asks, database, databaseOf, folder, healthHere, moreFolders, orUsual, units } from "../options.ts";
import { Settings } from "../settings.ts";
import { within } from "../within.ts";

const HEALTH = { debian: "http://localhost:8000/alive", nixos: "http://localhost:8222/alive" };

const DATA = "/var/lib/vaultwarden";
const ENVIRONMENT = ["/etc/vaultwarden.env", "/var/lib/vaultwarden.env"];

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
		const environmentFile = ENVIRONMENT.find(has);
		return {
			...(isOld ? { dataDir: old, database: { file: `${old}/db.sqlite3` } } : {}),
			...(environmentFile === undefined ? {} : { environmentFile }),
			// NixOS's own backup of the database, where its backupDir is set.
			...(units.includes(BACKUP) ? { units: ["vaultwarden.service", BACKUP] } : {}),
		};
	},
	settings,
	signs: { units: ["vaultwarden.service"] },
	proven: "stand-in",
});

/** What is usually in its DATA_FOLDER. */
const APART = {
	ATTACHMENTS_FOLDER: "attachments",
	SENDS_FOLDER: "sends",
} as const;
/** A server of this machine, or SQLite's file. */
const DATABASE_URL =
	/^(?:(?<server>postgres(?:ql)?|mysql):\/\/(?:[^@\s]*@)?(?:localhost|127\.0\.0\.1|)(?::\d+)?\/(?<name>[\w.-]{1,63})(?:\?\S*)?|\/\S+)$/;

function settings(sight: Sight): Settings {
	const told = new Settings(sight).environment(["vaultwarden.service"], ENVIRONMENT.filter(sight.has));
	const data = told.path("DATA_FOLDER", (path) => path === DATA);
	if (data !== undefined) told.set({ dataDir: data, database: { file: `${data}/db.sqlite3` } });
	const apart = Object.entries(APART).flatMap(
		([key, what]) => told.path(key, (path) => isWithin(path, data ?? DATA), `its ${what}`) ?? [],
	);
	if (apart.length > 0) told.set({ folders: apart });
	const url = told.text("DATABASE_URL", "its database", DATABASE_URL) ?? "";
	const { server, name } = DATABASE_URL.exec(url)?.groups ?? {};
	const home = data ?? DATA;
	if (server !== undefined)
		told.set({ database: { type: server === "mysql" ? "mariadb" : "postgresql", name } });
	else if (url !== "") told.databaseFile("DATABASE_URL", `${home}/db.sqlite3`, home);
	const port = told.text("ROCKET_PORT", "its port", /^\d{1,5}$/);
	const address = told.text("ROCKET_ADDRESS", "its address", /^[\d.]+$|^[\da-f:]+$/);
	if (port !== undefined || (address !== undefined && !EVERYWHERE.includes(address)))
		told.set({ health: `http://${hostFor(address)}:${port ?? (sight.nixos ? 8222 : 8000)}/alive` });
	return told;
}

const EVERYWHERE = ["0.0.0.0", "::"];

function hostFor(address = "localhost"): string {
	if (EVERYWHERE.includes(address)) return "localhost";
	return address.includes(":") ? `[${address}]` : address;
}
