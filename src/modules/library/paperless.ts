// Paperless-ngx. Its documentation recommends stopping it during a backup, which may take long. Here the database is dumped
// first, so at worst a document that arrives meanwhile is a file without a database entry. To have both from the same
// moment: state: { paperless: { stopOnBackup: [...] } }. Tasks that wait in its Redis are lost: documents that are being
// consumed are still in the consume folder. Facts: paperless-ngx/paperless-ngx docs/administration.md, docs/setup.md,
// scripts/*.service (/opt/paperless, port 8000); NixOS/nixpkgs nixos/modules/services/misc/paperless.nix. Debian has no package.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { isWithin } from "../../values/paths.ts";
import { defineModule, type Sight } from "../module.ts";
import {
	asks,
	database,
	databaseOf,
	folderHere,
	healthHere,
	moreFolders,
	orUsual,
	unitsHere,
} from "../options.ts";
import { DATABASE_NAME, Settings } from "../settings.ts";
import { environmentValues } from "../settings-text.ts";
import { within } from "../within.ts";

const DATA = { debian: "/opt/paperless", nixos: "/var/lib/paperless" };
const CONFIGS = ["/etc/paperless.conf", "/usr/local/etc/paperless.conf"];
/** Upstream keeps these in `data`. */
const HELD = { debian: "data/", nixos: "" };
const worker = (name: string) => `paperless-${name}.service`;
const UNITS = {
	debian: ["webserver", "consumer", "scheduler", "task-queue"].map(worker),
	nixos: ["web", "consumer", "scheduler", "task-queue"].map(worker),
};
const HEALTH = {
	debian: "http://localhost:8000/accounts/login/",
	nixos: "http://localhost:28981/accounts/login/",
};

export const paperless = defineModule({
	name: "paperless",
	about: "Paperless-ngx: the original and the archived documents, and the database that indexes them",
	sources: [
		"https://docs.paperless-ngx.com/administration/#backup",
		"https://docs.paperless-ngx.com/setup/#bare_metal",
	],
	uses: ["postgresql", "mariadb"],
	options: v.strictObject({
		dataDir: folderHere(DATA, "the folder that contains its data, its media and paperless.conf"),
		folders: moreFolders,
		database: v.pipe(
			database(
				{ type: "sqlite", name: "paperless" },
				{ type: "sqlite", file: `${DATA.debian}/data/db.sqlite3` },
			),
			v.description(
				"the database in which it stores its data; on NixOS its file is /var/lib/paperless/db.sqlite3",
			),
		),
		secrets: v.pipe(
			v.optional(v.array(f.path), []),
			v.description(
				"files with its settings and secrets that are elsewhere, such as /etc/paperless.conf or NixOS's environmentFile",
			),
		),
		units: unitsHere(UNITS),
		health: healthHere(HEALTH),
	}),
	yields({ dataDir, folders, database, secrets, units, health }, { nixos }) {
		const data = orUsual(dataDir, DATA, nixos);
		const held = HELD[nixos ? "nixos" : "debian"];
		const file =
			database.file === `${DATA.debian}/data/db.sqlite3` ? `${data}/${held}db.sqlite3` : database.file;
		const { dumps, services } = databaseOf("paperless", { ...database, file });
		return {
			state: {
				paperless: {
					folders: [data, ...secrets, ...folders],
					// The search index stays: Paperless does not make it again by itself.
					exclude: within(data, `${held}log/*.log`, `${held}celerybeat-schedule.db`),
					dumps,
					stopOnRestore: orUsual(units, UNITS, nixos),
					healthChecks: asks(orUsual(health, HEALTH, nixos)),
				},
			},
			services,
		};
	},
	found: ({ has, nixos }) => {
		const secrets = CONFIGS.filter(has);
		// NixOS's exporter starts all four when it is done.
		const exporter = worker("exporter");
		return {
			...(nixos && has(`/etc/systemd/system/${exporter}`) ? { units: [...UNITS.nixos, exporter] } : {}),
			...(secrets.length === 0 ? {} : { secrets }),
		};
	},
	settings,
	signs: { units: ["paperless-web.service", "paperless-webserver.service"] },
	proven: "stand-in",
});

const FOLDERS = {
	PAPERLESS_DATA_DIR: "its data",
	PAPERLESS_MEDIA_ROOT: "the documents",
	PAPERLESS_CONSUMPTION_DIR: "the documents to be consumed",
} as const;

function settings(sight: Sight): Settings {
	const home = orUsual(undefined, DATA, sight.nixos);
	// The first that exists is the one that Paperless reads; its units' variables count more.
	const files = [`${home}/paperless.conf`, ...CONFIGS].filter(sight.has).slice(0, 1);
	const told = new Settings(sight);
	for (const file of files) told.file(file, environmentValues);
	told.environment(["paperless-webserver.service", "paperless-web.service"]);
	const [data, ...others] = Object.entries(FOLDERS).map(([key, what]) =>
		told.path(key, (path) => isWithin(path, home), what),
	);
	const dataDir = data === undefined || sight.has(home) ? home : data;
	const folders = [data, ...others].filter((one) => one !== undefined && !isWithin(one, dataDir));
	if (folders.length > 0) told.set({ folders });
	if (dataDir !== home) told.set({ dataDir });
	if (data !== undefined) told.set({ database: { file: `${data}/db.sqlite3` } });
	const engine = told.text("PAPERLESS_DBENGINE", "its kind of database", /^(mariadb|postgresql|sqlite)$/);
	if (told.has("PAPERLESS_DBHOST") || (engine !== undefined && engine !== "sqlite")) {
		told.server("PAPERLESS_DBHOST");
		const name = told.text("PAPERLESS_DBNAME", "the name of its database", DATABASE_NAME);
		const type = engine === "mariadb" ? engine : "postgresql";
		told.set({ database: { type, ...(name === undefined ? {} : { name }) } });
	}
	return told;
}
