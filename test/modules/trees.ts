// What each module must store and may leave out, one row per module (more if its layouts differ). A reviewer reads this
// list beside the application's own words: every name under `remade` is one that the application makes again by itself.

export interface Tree {
	readonly module: string;
	readonly options?: object;
	/** With the names of NixOS. */
	readonly nixos?: true;
	/** The folder that holds the names below; all other folders of the module get one file. */
	readonly below: string;
	/** Must be stored. Users' own names are among them that are also names of the application's. */
	readonly kept: readonly string[];
	/** May be missing: at least one name for each pattern that the module declares. */
	readonly remade?: readonly string[];
}

export const TREES: readonly Tree[] = [
	{
		module: "dovecot",
		options: { mail: ["/srv/mail"] },
		below: "/srv/mail",
		kept: [
			"anna/dovecot-uidlist",
			"anna/dovecot-keywords",
			"anna/dovecot.index-notes/cur/1",
			"anna/.Sent/cur/1:2,S",
		],
		remade: ["anna/dovecot.index.cache", "anna/.Sent/dovecot.index.cache", "anna/.Sent/dovecot-uidlist.lock"],
	},
	{
		module: "forgejo",
		below: "/var/lib/forgejo",
		kept: [
			"repositories/log/site.git/HEAD",
			"repositories/a/b.git/refs/heads/log",
			"data/attachments/log",
			"data/lfs/tmp/x",
		],
		remade: ["log/forgejo.log", "data/sessions/1/2", "data/tmp/x", "data/indexers/issues.bleve/store"],
	},
	{
		module: "gitea",
		below: "/var/lib/gitea",
		kept: ["data/gitea-repositories/log/site.git/HEAD", "custom/conf/app.ini", "data/avatars/tmp"],
		remade: ["log/gitea.log", "data/sessions/1/2", "data/tmp/x", "data/indexers/issues.bleve/store"],
	},
	{
		module: "garage",
		below: "/var/lib/garage/meta",
		kept: ["node_key", "node_key.pub", "cluster_layout", "snapshots/2026-02-03T00:00:00Z/db.lmdb/data.mdb"],
		remade: [
			"db.lmdb/data.mdb",
			"db.sqlite",
			"db.sqlite-wal",
			"db.fjall/keyspaces/x",
			"db.lmdb-lock",
			"db.fjall-x",
		],
	},
	{
		module: "grafana",
		below: "/var/lib/grafana",
		kept: ["plugins/a/img/png/x", "dashboards/csv/a.json"],
		remade: ["png/x.png", "csv/x.csv", "pdf/x.pdf"],
	},
	{
		module: "grafana",
		nixos: true,
		below: "/var/lib/grafana",
		kept: ["data/plugins/a/img/png/x", "png/x.png"],
		remade: ["data/png/x.png", "data/csv/x.csv", "data/pdf/x.pdf"],
	},
	{
		module: "home-assistant",
		options: { configDir: "/srv/ha" },
		below: "/srv/ha",
		kept: [
			"www/photos/tts/a.mp3",
			"media/logs/a.log",
			"notes.log",
			"deps/lib/x",
			".storage/auth",
			"custom_components/a/tts/b.py",
			"www/backups/house.tar",
			"backups/1a2b.tar",
		],
		remade: [
			"home-assistant.log",
			"home-assistant.log.1",
			"tts/a.mp3",
			"custom_components/a/__pycache__/b.pyc",
		],
	},
	{
		module: "home-assistant",
		options: { configDir: "/srv/ha2", backups: false },
		below: "/srv/ha2",
		kept: ["www/backups/house.tar", "backups/notes.txt"],
		remade: [
			"home-assistant.log",
			"home-assistant.log.1",
			"tts/a.mp3",
			"custom_components/a/__pycache__/b.pyc",
			"backups/1a2b.tar",
			"tmp_backups/1a2b.tar",
		],
	},
	{
		module: "immich",
		options: { mediaDir: "/srv/immich" },
		below: "/srv/immich",
		kept: [
			"library/admin/2024/thumbs/a.jpg",
			"library/admin/backups/b.jpg",
			"thumbs/.immich",
			"encoded-video/.immich",
			"backups/.immich",
			"backups/a.sql.gz",
			"upload/x",
			"profile/y",
		],
		remade: ["thumbs/0b/1.webp", "encoded-video/0b/1.mp4"],
	},
	{
		module: "immich",
		options: { mediaDir: "/srv/immich", backups: false },
		below: "/srv/immich",
		kept: ["backups/.immich", "upload/x"],
		remade: ["thumbs/0b/1.webp", "encoded-video/0b/1.mp4", "backups/a.sql.gz"],
	},
	{
		module: "jellyfin",
		below: "/var/lib/jellyfin",
		kept: ["metadata/library/log/x", "plugins/cache/y", "data/jellyfin.db"],
		remade: ["transcodes/x.ts", "data/transcodes/x.ts", "transcoding-temp/x", "cache/x", "log/log_1.log"],
	},
	{
		module: "mastodon",
		options: { uploads: "/srv/m" },
		below: "/srv/m",
		kept: ["media_attachments/cache/x", "accounts/avatars/1/a.png"],
		remade: ["cache/accounts/x"],
	},
	{
		module: "mastodon",
		nixos: true,
		below: "/var/lib/mastodon",
		kept: ["public-system/media_attachments/cache/x", "secrets/secret-key-base", ".secrets_env"],
		remade: ["public-system/cache/accounts/x"],
	},
	{
		module: "matrix-synapse",
		below: "/var/lib/matrix-synapse",
		kept: [
			"media/local_content/remote_content",
			"media/local_content/aa/url_cache",
			"media/local_thumbnails/x",
			"homeserver.signing.key",
		],
		remade: ["media", "media_store"].flatMap((media) =>
			["remote_content", "remote_thumbnail", "remote_thumbnails", "url_cache", "url_cache_thumbnails"].map(
				(one) => `${media}/${one}/a`,
			),
		),
	},
	{
		module: "mosquitto",
		below: "/var/lib/mosquitto",
		kept: ["mosquitto.db"],
		remade: ["mosquitto.db.new"],
	},
	{
		module: "nextcloud",
		below: "/var/www/nextcloud",
		kept: [
			"config/config.php",
			"data/alice/files/build.log",
			"data/alice/files/nextcloud.log",
			"data/alice/files/data/nextcloud.log",
			"data/alice/files/appdata_x/preview/1",
			"data/appdata_x/avatar/1",
			"data/notes.log",
		],
		remade: [
			...["", "data/"].flatMap((at) =>
				["nextcloud", "audit", "updater"].flatMap((log) => [`${at}${log}.log`, `${at}${log}.log.1`]),
			),
			"data/appdata_x/preview/1",
			"appdata_x/preview/1",
		],
	},
	{
		module: "paperless",
		options: { dataDir: "/srv/paperless" },
		below: "/srv/paperless",
		kept: [
			"paperless.conf",
			"media/documents/originals/index/d.pdf",
			"media/documents/originals/a.log",
			"data/index/x",
			"data/classification_model.pickle",
		],
		remade: ["data/log/paperless.log", "data/celerybeat-schedule.db"],
	},
	{
		module: "paperless",
		nixos: true,
		below: "/var/lib/paperless",
		kept: ["media/documents/originals/log/a.log", "index/x", "nixos-paperless-secret-key"],
		remade: ["log/paperless.log", "celerybeat-schedule.db"],
	},
	{
		module: "prometheus",
		nixos: true,
		below: "/var/lib/prometheus2",
		kept: ["data/01ABC/chunks/lock", "data/wal/0001"],
		remade: ["data/lock", "lock", "queries.active", "data/queries.active"],
	},
	{
		module: "prometheus",
		below: "/var/lib/prometheus",
		kept: ["metrics2/01ABC/chunks/lock", "metrics2/wal/0001"],
		remade: ["metrics2/lock", "lock", "queries.active", "metrics2/queries.active"],
	},
	{
		module: "redis",
		options: { instances: { a: {} } },
		below: "/var/lib/redis",
		kept: ["sub/temp-1.rdb", "appendonlydir/appendonly.aof.1.incr.aof"],
		remade: ["temp-1.rdb", "temp-rewriteaof-1.aof", "appendonlydir/temp-rewriteaof-1.aof"],
	},
	{
		module: "redis",
		nixos: true,
		options: { instances: { paperless: {} } },
		below: "/var/lib/redis-paperless",
		kept: ["sub/temp-1.rdb", "appendonlydir/appendonly.aof.1.incr.aof"],
		remade: ["temp-1.rdb", "temp-rewriteaof-1.aof", "appendonlydir/temp-rewriteaof-1.aof"],
	},
	{
		module: "valkey",
		below: "/var/lib/valkey",
		kept: ["sub/temp-1.rdb", "appendonlydir/appendonly.aof.1.incr.aof"],
		remade: ["temp-1.rdb", "temp-rewriteaof-1.aof", "appendonlydir/temp-rewriteaof-1.aof"],
	},
	{
		module: "vaultwarden",
		options: { dataDir: "/srv/[a]*\\" },
		below: "/srv/[a]*\\",
		kept: ["attachments/tmp/x", "sends/icon_cache", "rsa_key.pem", "config.json"],
		remade: ["icon_cache/x", "tmp/x"],
	},
	{
		module: "zerotier",
		below: "/var/lib/zerotier-one",
		kept: ["identity.secret", "networks.d/x.conf", "controller.d/network/peers.d"],
		remade: ["peers.d/x.peer", "zerotier-one.pid", "zerotier-one.port"],
	},
];
