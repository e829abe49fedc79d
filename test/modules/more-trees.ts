// Rows of the table that trees.ts begins.
import type { Tree } from "./trees.ts";

export const MORE_TREES: readonly Tree[] = [
	{
		module: "syncthing",
		options: { users: ["anna"] },
		below: "/home/anna/.local/state/syncthing",
		kept: ["config.xml", "key.pem", "cert.pem", "https-key.pem", "index-photos/a.jpg"],
		remade: ["index-v2/main.db", "index-v0.14.0.db/CURRENT"],
	},
	{
		module: "syncthing",
		nixos: true,
		below: "/var/lib/syncthing/.config/syncthing",
		kept: ["config.xml", "key.pem"],
		remade: ["index-v2/main.db", "index-v0.14.0.db/CURRENT"],
	},
	{
		module: "karakeep",
		below: "/var/lib/karakeep",
		kept: ["assets/u1/a1/asset.bin", "assets/u1/cache/metadata.json", "settings.env"],
	},
	{
		module: "firefly-iii",
		below: "/var/www/firefly-iii/storage",
		kept: [
			"upload/at-1.data",
			"oauth-private.key",
			"framework/views.txt",
			"export/a.csv",
			"framework/cache/.gitignore",
		],
		remade: ["framework/cache/data/0a/x", "framework/sessions/x", "framework/views/x.php", "logs/ff3-x.log"],
	},
	...(["sonarr", "radarr", "prowlarr"] as const).map((module) => ({
		module,
		below: `/var/lib/${module}`,
		kept: [
			"config.xml",
			`${module}.db`,
			"Backups/scheduled/a.zip",
			"MediaCover/1/logs/poster.jpg",
			"asp/key-1.xml",
		],
		remade: ["logs/x.txt", "logs.db", "logs.db-wal", "logs.db-shm"],
	})),
	{
		module: "audiobookshelf",
		below: "/usr/share/audiobookshelf/metadata",
		kept: ["items/li_1/cover.jpg", "authors/1.jpg", "backups/a.audiobookshelf", "items/cache/metadata.json"],
		remade: ["cache/covers/x", "logs/daily/x.txt", "streams/x.ts", "tmp/x"],
	},
	{
		module: "grocy",
		below: "/var/www/grocy/data",
		kept: [
			"config.php",
			"storage/productpictures/a.jpg",
			"storage/viewcache/x",
			"plugins/A.php",
			"custom_css.html",
		],
		remade: ["viewcache/x.php"],
	},
	{
		module: "n8n",
		nixos: true,
		below: "/var/lib/n8n/.n8n",
		kept: ["config", "database.sqlite", "binaryData/x", "storage/x", "nodes/package.json", "custom/cache/x"],
	},
	{
		module: "open-webui",
		below: "/var/lib/open-webui",
		kept: ["uploads/cache/a.pdf", "uploads/audit.log", "vector_db/chroma.sqlite3", ".webui_secret_key"],
		remade: ["cache/embedding/models/x", "audit.log"],
	},
	{
		module: "memos",
		below: "/var/lib/memos",
		kept: ["memos_prod.db", "assets/1_a.jpg", "assets/.thumbnail_cache/x"],
		remade: [".thumbnail_cache/x.jpeg"],
	},
	{
		module: "adguard-home",
		below: "/opt/AdGuardHome/data",
		kept: ["stats.db", "sessions.db", "querylog.json", "leases.json", "filters/1.txt"],
	},
	{
		module: "qbittorrent",
		nixos: true,
		below: "/var/lib/qBittorrent/qBittorrent/data",
		kept: ["BT_backup/x.fastresume", "BT_backup/x.torrent", "rss/articles/x.json"],
	},
	{
		module: "mattermost",
		below: "/opt/mattermost/data",
		kept: ["20260101/teams/noteam/a.log", "plugins/a.tar.gz", "tmp/x"],
	},
	{
		module: "ntfy",
		nixos: true,
		below: "/var/lib/ntfy-sh",
		kept: ["user.db", "cache-file.db", "attachments/x"],
	},
	{
		module: "actual",
		below: "/var/lib/actual",
		kept: ["server-files/account.sqlite", "user-files/group-1.sqlite", "user-files/file-1.blob"],
	},
	{
		module: "navidrome",
		below: "/var/lib/navidrome",
		kept: ["navidrome.db", "artwork/playlist/x.jpg", "plugins/cache/x"],
		remade: ["cache/images/x"],
	},
	{
		module: "wordpress",
		below: "/var/lib/wordpress",
		kept: [
			"wp-content/uploads/2026/01/build.log",
			"wp-content/uploads/cache/a.jpg",
			"wp-content/plugins/a.php",
		],
	},
	{
		module: "freshrss",
		below: "/usr/share/FreshRSS/data",
		kept: ["config.php", "users/anna/db.sqlite", "users/cache/config.php", "favicons/a.ico", "cache.txt"],
		remade: ["cache/x.spc"],
	},
	{
		module: "uptime-kuma",
		below: "/var/lib/uptime-kuma",
		kept: ["kuma.db", "upload/logo1.png", "docker-tls/1/key.pem", "db-config.json"],
	},
	{
		module: "caddy",
		below: "/var/lib/caddy",
		kept: [
			".local/share/caddy/certificates/acme/example.org/example.org.key",
			".local/share/caddy/pki/authorities/local/root.key",
			".config/caddy/autosave.json",
		],
	},
	{
		module: "deluge",
		below: "/var/lib/deluge/.config/deluge",
		kept: ["core.conf", "auth", "state/torrents.state", "state/torrents.fastresume", "state/x.torrent"],
	},
	{ module: "alertmanager", nixos: true, below: "/var/lib/alertmanager", kept: ["silences", "nflog"] },
	{
		module: "step-ca",
		below: "/etc/step-ca",
		kept: ["secrets/root_ca_key", "certs/root_ca.crt", "config/ca.json", "password.txt", "db/000000.vlog"],
	},
	{ module: "loki", below: "/var/lib/loki", kept: ["chunks/x", "wal/000001", "rules/fake/a.yml"] },
	{
		module: "slapd",
		below: "/etc/ldap",
		kept: ["ldap.conf", "slapd.d/cn=config.ldif", "schema/mine.ldif"],
	},
	{
		module: "prosody",
		below: "/var/lib/prosody",
		kept: ["example%2eorg/accounts/anna.dat", "upload%2eexample%2eorg/http_file_share/build.log"],
	},
	{ module: "postfix", below: "/var/mail", kept: ["anna", "log"] },
	{ module: "bind", below: "/var/lib/bind", kept: ["db.example.org", "db.example.org.jnl"] },
	{
		module: "pi-hole",
		below: "/etc/pihole",
		kept: ["pihole.toml", "gravity.db", "pihole-FTL.db", "dhcp.leases", "hosts/custom.list"],
	},
	{
		module: "radicale",
		below: "/var/lib/radicale/collections",
		kept: ["collection-root/anna/x/1.ics", "collection-root/anna/x/.Radicale.props"],
	},
];
