// Forgejo and Gitea, which share their layout. Facts: forgejo docs admin/installation/binary, gitea docs
// administration/backup-and-restore ("must be shutdown"); NixOS/nixpkgs nixos/modules/services/misc/{forgejo,gitea}.nix.
import * as v from "valibot";
import { isWithin } from "../../values/paths.ts";
import { defineModule, type Sight } from "../module.ts";
import {
	asks,
	configFolder,
	configured,
	database,
	databaseOf,
	folder,
	health,
	moreFolders,
	units,
} from "../options.ts";
import { DATABASE_NAME, Settings } from "../settings.ts";
import { iniValues } from "../settings-text.ts";
import { within } from "../within.ts";

function forge<const N extends "forgejo" | "gitea">(name: N, about: string, sources: readonly string[]) {
	return defineModule({
		name,
		about,
		sources,
		uses: ["postgresql", "mariadb"],
		options: v.strictObject({
			dataDir: folder(`/var/lib/${name}`, "repositories, LFS, attachments, avatars"),
			configDir: configFolder(`/etc/${name}`),
			folders: moreFolders,
			database: database(
				{ type: "sqlite", name },
				{ type: "sqlite", file: `/var/lib/${name}/data/${name}.db` },
			),
			units: units([`${name}.service`]),
			health: health("http://localhost:3000/api/healthz"),
		}),
		yields({ dataDir, configDir, folders, database, units, health }, { nixos }) {
			const { dumps, services } = databaseOf(name, database);
			return {
				state: {
					[name]: {
						// Without the keys in app.ini, two-factor secrets and the passwords of mirrors cannot be decrypted.
						folders: [dataDir, ...configured(configDir, `/etc/${name}`, nixos), ...folders],
						exclude: within(dataDir, "data/tmp", "data/indexers", "data/sessions", "log"),
						dumps,
						// Without streamed dumps, such as to several destinations, the database is dumped right before the stop: a
						// push in between is in the repositories, and not in the database.
						stopOnBackup: units,
						stopOnRestore: units,
						healthChecks: asks(health),
					},
				},
				services,
			};
		},
		// Upstream's instructions give the user git a home of its own, where authorized_keys is; on NixOS it is the data folder.
		found: ({ has, units, nixos }) =>
			nixos || !has("/home/git/.ssh") || units.some((unit) => name === "gitea" && unit === "forgejo.service")
				? {}
				: { folders: ["/home/git/.ssh"] },
		settings: (sight) => settingsOf(name, sight),
		signs: { units: [`${name}.service`] },
		proven: "stand-in",
	});
}

const WORK = "WORK_PATH";
/** `data` in the former, by default; SQLite's file is in it. */
const APP_DATA = "server.APP_DATA_PATH";
/** Where app.ini may put the others. */
const PARTS = {
	"repository.ROOT": "its repositories",
	"lfs.PATH": "its LFS objects",
	"server.LFS_CONTENT_PATH": "its LFS objects",
	"attachment.PATH": "its attachments",
	"storage.PATH": "its storage",
	"packages.PATH": "its packages",
} as const;
const KINDS: Readonly<Record<string, string>> = {
	mysql: "mariadb",
	postgres: "postgresql",
	sqlite3: "sqlite",
};

function settingsOf(name: string, sight: Sight): Settings {
	const told = new Settings(sight);
	const home = `/var/lib/${name}`;
	const read = [`${home}/custom/conf/app.ini`, `/etc/${name}/app.ini`].map((file) =>
		told.file(file, iniValues),
	);
	if (!read.includes(true)) return told;
	const work = told.path(WORK, (path) => isWithin(path, home));
	const appData = told.path(APP_DATA, (path) => isWithin(path, work ?? home));
	const isMoved = !sight.has(home);
	const dataDir = (isMoved ? (work ?? appData) : undefined) ?? home;
	const folders = Object.entries(PARTS).flatMap(
		([key, what]) => told.path(key, (path) => isWithin(path, dataDir), what) ?? [],
	);
	const apart = [work, appData, ...folders].filter((path) => path !== undefined && !isWithin(path, dataDir));
	if (apart.length > 0) told.set({ folders: apart });
	if (dataDir !== home) told.set({ dataDir });
	const type =
		KINDS[told.text("database.DB_TYPE", "its kind of database", /^(mysql|postgres|sqlite3)$/) ?? ""];
	if (type === "sqlite") {
		const usual = `${home}/data/${name}.db`;
		const data =
			appData ?? told.below(APP_DATA, work ?? home) ?? `${work ?? told.below(WORK, home) ?? home}/data`;
		const file = `${data}/${name}.db`;
		if (told.has("database.PATH")) told.databaseFile("database.PATH", usual, dataDir);
		else if (file !== usual) told.set({ database: { file } });
	} else if (type !== undefined) {
		told.server("database.HOST");
		const database = told.text("database.NAME", "the name of its database", DATABASE_NAME) ?? name;
		told.set({ database: { type, name: database } });
	}
	return told;
}

export const forgejo = forge(
	"forgejo",
	"Forgejo: repositories, LFS, attachments and the database; it is stopped while they are copied",
	[
		"https://forgejo.org/docs/latest/admin/command-line/#dump",
		"https://forgejo.org/docs/latest/admin/upgrade/#backup",
	],
);
export const gitea = forge(
	"gitea",
	"Gitea: repositories, LFS, attachments and the database; it is stopped while they are copied",
	["https://docs.gitea.com/administration/backup-and-restore"],
);
