// Modules exclude only the application's own files: never a user's file with the same name, at any depth.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { declares } from "../../src/modules/describe.ts";
import { LIBRARY } from "../../src/modules/library.ts";
import type { Module } from "../../src/modules/module.ts";
import { below, leavesNothing, leavesOut } from "../../src/values/patterns.ts";

const statesOf = (name: string, options: object, nixos: boolean) =>
	Object.values(declares(LIBRARY.get(name) as Module, LIBRARY, options, nixos).state);

function isLeftOut(name: string, options: object, path: string): boolean {
	return statesOf(name, options, false).some(({ folders = [], exclude = [] }) =>
		folders
			.filter((folder) => path.startsWith(`${folder}/`))
			.some((folder) =>
				leavesOut(
					exclude.flatMap((pattern) => below(folder, pattern)),
					path.slice(folder.length + 1).split("/"),
				),
			),
	);
}

/** Names of an application's files that nobody else uses, wherever they are. */
const ANYWHERE: Readonly<Record<string, RegExp>> = {
	dovecot: /^dovecot[.-]/,
	"home-assistant": /^__pycache__$/,
};

const KEPT: readonly (readonly [module: string, options: object, paths: readonly string[]])[] = [
	[
		"forgejo",
		{},
		["repositories/log/site.git/HEAD", "repositories/a/b.git/refs/heads/log", "data/attachments/log"].map(
			(it) => `/var/lib/forgejo/${it}`,
		),
	],
	[
		"nextcloud",
		{},
		[
			"data/alice/files/build.log",
			"data/alice/files/nextcloud.log",
			"data/alice/files/data/nextcloud.log",
		].map((it) => `/var/www/nextcloud/${it}`),
	],
	[
		"immich",
		{ mediaDir: "/srv/immich" },
		[
			"library/admin/2024/thumbs/a.jpg",
			"library/admin/backups/b.jpg",
			"thumbs/.immich",
			"encoded-video/.immich",
			"backups/.immich",
			"upload/x",
		].map((it) => `/srv/immich/${it}`),
	],
	[
		"paperless",
		{ dataDir: "/srv/paperless" },
		["media/documents/originals/index/d.pdf", "media/documents/originals/a.log", "db.sqlite3"].map(
			(it) => `/srv/paperless/${it}`,
		),
	],
	["grafana", {}, ["plugins/a/img/png/x", "dashboards/csv/a.json"].map((it) => `/var/lib/grafana/${it}`)],
	["jellyfin", {}, ["metadata/library/log/x", "plugins/cache/y"].map((it) => `/var/lib/jellyfin/${it}`)],
	[
		"home-assistant",
		{ configDir: "/srv/ha" },
		["www/photos/tts/a.mp3", "media/logs/a.log", ".storage/x"].map((it) => `/srv/ha/${it}`),
	],
	["vaultwarden", {}, ["attachments/tmp/x", "sends/icon_cache"].map((it) => `/var/lib/vaultwarden/${it}`)],
	[
		"matrix-synapse",
		{},
		["media/local_content/remote_content", "media/local_content/aa/url_cache"].map(
			(it) => `/var/lib/matrix-synapse/${it}`,
		),
	],
	["mastodon", { uploads: "/srv/m" }, ["/srv/m/media_attachments/cache/x"]],
	["mosquitto", {}, ["/var/lib/mosquitto/mosquitto.db"]],
	["prometheus", {}, ["/var/lib/prometheus/metrics2/01ABC/chunks/lock"]],
	["redis", { instances: { a: {} } }, ["/var/lib/redis/sub/temp-1.rdb"]],
	[
		"dovecot",
		{ mail: ["/srv/mail"] },
		["/srv/mail/a/dovecot.index-notes/cur/1", "/srv/mail/a/dovecot-uidlist"],
	],
];

const LEFT: readonly (readonly [module: string, options: object, paths: readonly string[]])[] = [
	["forgejo", {}, ["/var/lib/forgejo/log/forgejo.log", "/var/lib/forgejo/data/sessions/1/2"]],
	["nextcloud", {}, ["/var/www/nextcloud/data/nextcloud.log", "/var/www/nextcloud/data/appdata_x/preview/1"]],
	["immich", { mediaDir: "/srv/immich" }, ["/srv/immich/thumbs/0b/1.webp", "/srv/immich/backups/a.sql.gz"]],
	["grafana", {}, ["/var/lib/grafana/png/x"]],
	["matrix-synapse", {}, ["/var/lib/matrix-synapse/media/remote_content/a"]],
	["prometheus", {}, ["/var/lib/prometheus/metrics2/lock", "/var/lib/prometheus/lock"]],
	["redis", { instances: { a: {} } }, ["/var/lib/redis/temp-1.rdb"]],
	["vaultwarden", { dataDir: "/srv/[a]*\\" }, ["/srv/[a]*\\/icon_cache/x"]],
	["dovecot", { mail: ["/srv/mail"] }, ["/srv/mail/a/.Sent/dovecot.index.log"]],
];

describe("what modules leave out", () => {
	for (const [module, options, paths] of KEPT)
		test(`${module} keeps what its users named as it names its own`, () => {
			for (const path of paths) assert.equal(isLeftOut(module, options, path), false, path);
		});

	for (const [module, options, paths] of LEFT)
		test(`${module} leaves out its own`, () => {
			for (const path of paths) assert.equal(isLeftOut(module, options, path), true, path);
		});

	for (const name of LIBRARY.keys())
		test(`${name}: a pattern begins at a folder, and leaves something`, () => {
			for (const nixos of [false, true])
				for (const [, given] of [["", {}, []], ...KEPT.filter(([module]) => module === name)] as const) {
					for (const { folders = [], exclude = [] } of statesOf(name, given, nixos))
						for (const pattern of exclude) {
							assert.ok(pattern.includes("/") || ANYWHERE[name]?.test(pattern), pattern);
							for (const folder of folders) assert.ok(!below(folder, pattern).some(leavesNothing), pattern);
						}
				}
		});
});
