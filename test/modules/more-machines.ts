// Rows of the table that found.test.ts begins.
import type { Seen } from "./seen.ts";

const SYNCTHING = ["syncthing@anna.service", "syncthing@ben.service"];

export const MORE_MACHINES: readonly Seen[] = [
	{ module: "syncthing", units: SYNCTHING, found: { users: ["anna", "ben"] } },
	{
		module: "syncthing",
		units: SYNCTHING,
		paths: ["/home/ben/.config/syncthing/config.xml"],
		found: {
			users: ["anna", "ben"],
			configDirs: ["/home/anna/.local/state/syncthing", "/home/ben/.config/syncthing"],
		},
	},
	{
		module: "syncthing",
		units: ["syncthing@root.service"],
		paths: ["/root/.config/syncthing/config.xml"],
		found: { users: ["root"], configDirs: ["/root/.config/syncthing"] },
	},
	{ module: "syncthing", nixos: true, units: ["syncthing.service"], found: {} },
	{
		module: "qbittorrent",
		units: ["qbittorrent-nox@anna.service"],
		paths: ["/home/anna/.local/share/qBittorrent/torrents.db"],
		found: { users: ["anna"], inDatabase: true },
	},
	{ module: "karakeep", paths: ["/etc/karakeep", "/var/lib/karakeep/db.db"], found: { queue: false } },
	...["caddy", "loki", "navidrome", "radicale"].flatMap((module) => [
		{ module, found: { configDir: false } },
		{ module, paths: [`/etc/${module}`], found: {} },
	]),
	{
		module: "sonarr",
		paths: ["/var/lib/sonarr", "/var/lib/sonarr/config.xml"],
		found: { database: { type: "postgresql" } },
	},
	{ module: "radarr", paths: ["/var/lib/radarr", "/var/lib/radarr/radarr.db"], found: {} },
	{ module: "prowlarr", found: {} },
	{ module: "n8n", paths: ["/var/lib/n8n/.n8n"], found: { database: { type: "postgresql" } } },
	{
		module: "open-webui",
		nixos: true,
		paths: ["/var/lib/open-webui", "/var/lib/open-webui/data/webui.db"],
		found: { dataDir: "/var/lib/open-webui/data" },
	},
	{ module: "uptime-kuma", paths: ["/var/lib/uptime-kuma"], found: { database: { type: "mariadb" } } },
	{
		module: "ntfy",
		paths: ["/var/lib/ntfy/user.db", "/var/cache/ntfy/cache.db"],
		found: { databases: ["/var/lib/ntfy/user.db", "/var/cache/ntfy/cache.db"] },
	},
	{
		module: "deluge",
		paths: ["/var/lib/deluged/config/core.conf"],
		found: { configDir: "/var/lib/deluged/config" },
	},
	{
		module: "prosody",
		paths: ["/etc/prosody", "/var/lib/prosody/prosody.sqlite"],
		found: { sqlite: "/var/lib/prosody/prosody.sqlite" },
	},
	{
		module: "postfix",
		paths: ["/etc/postfix", "/etc/aliases"],
		units: ["postfix.service", "dovecot.service"],
		found: { spool: false, folders: ["/etc/aliases"] },
	},
	{ module: "postfix", nixos: true, paths: ["/var/spool/mail"], found: { spool: "/var/spool/mail" } },
	{
		module: "postfix",
		nixos: true,
		paths: ["/var/spool/mail"],
		units: ["dovecot.service"],
		found: { spool: false },
	},
	{
		module: "pi-hole",
		nixos: true,
		paths: ["/etc/pihole/dhcp.leases", "/etc/systemd/system/pihole-ftl-log-deleter.service"],
		found: {
			folders: ["/etc/pihole/dhcp.leases"],
			units: ["pihole-ftl.service", "pihole-ftl-log-deleter.service"],
		},
	},
	{
		module: "freshrss",
		units: ["php8.2-fpm.service", "cron.service", "nginx.service"],
		found: { units: ["php8.2-fpm.service", "cron.service"] },
	},
	{
		module: "slapd",
		nixos: true,
		paths: ["/var/lib/openldap/data"],
		found: { databases: { ldap: { directory: "/var/lib/openldap/data" } } },
	},
	{ module: "wordpress", paths: ["/var/lib/wordpress"], found: { folders: ["/var/lib/wordpress"] } },
];
