// Vaultwarden, a server for Bitwarden clients. Facts: dani-garcia/vaultwarden .env.template; NixOS/nixpkgs
// nixos/modules/services/security/vaultwarden/default.nix, where it listens on ::1, port 8222.
import { isIP } from "node:net";
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
/** A server of this machine, which the query may not replace, or SQLite's file. */
const DATABASE_URL =
	/^(?:(?<server>postgres(?:ql)?|mysql):\/\/(?:[^@\s]*@)?(?:localhost|127\.0\.0\.1|)(?::\d+)?\/(?<name>[\w.-]{1,63})(?:\?(?!\S*(?:host|dbname|%))\S*)?|\/[^\s/]\S*)$/;

function settings(sight: Sight): Settings {
	const told = new Settings(sight).environment(["vaultwarden.service"], ENVIRONMENT.filter(sight.has));
	const data = told.path("DATA_FOLDER", (path) => path === DATA);
	if (data !== undefined) told.set({ dataDir: data, database: { file: `${data}/db.sqlite3` } });
	const apart = Object.entries(APART).flatMap(
		([key, what]) => told.path(key, (path) => isWithin(path, data ?? DATA), `its ${what}`) ?? [],
	);
	if (apart.length > 0) told.set({ folders: apart });
	// It may have a password, which is not shown: a path only if there is such a file.
	const isClear = (url: string) => DATABASE_URL.test(url) && (!url.startsWith("/") || sight.has(url));
	const url = told.text("DATABASE_URL", "its database", { test: isClear }) ?? "";
	const { server, name } = DATABASE_URL.exec(url)?.groups ?? {};
	const home = data ?? DATA;
	if (server !== undefined)
		told.set({ database: { type: server === "mysql" ? "mariadb" : "postgresql", name } });
	else if (url !== "") told.databaseFile("DATABASE_URL", `${home}/db.sqlite3`, home);
	const port = told.text("ROCKET_PORT", "its port", { test: isPort });
	const address = told.text("ROCKET_ADDRESS", "its address", { test: isAddress });
	if (told.has("ROCKET_TLS")) {
		told.shown.push("it answers by https alone (ROCKET_TLS): a restore does not ask whether it is healthy");
		told.set({ health: false });
	} else if (port !== undefined || (address !== undefined && !EVERYWHERE.includes(address)))
		told.set({ health: `http://${hostFor(address)}:${port ?? (sight.nixos ? 8222 : 8000)}/alive` });
	return told;
}

const EVERYWHERE = ["0.0.0.0", "::"];
const isPort = (port: string) => /^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) <= 65_535;
/** Without the name of an interface, which an URL cannot have. */
const isAddress = (address: string) => isIP(address) !== 0 && !address.includes("%");

function hostFor(address = "localhost"): string {
	if (EVERYWHERE.includes(address)) return "localhost";
	return address.includes(":") ? `[${address}]` : address;
}
