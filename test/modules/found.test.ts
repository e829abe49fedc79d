// What `holdfast init` finds out about the layout of an application, and what the config then means.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as v from "valibot";
import { declares } from "../../src/modules/describe.ts";
import { LIBRARY } from "../../src/modules/library.ts";
import type { Module } from "../../src/modules/module.ts";
import { propose } from "../../src/modules/propose.ts";
import { MORE_MACHINES } from "./more-machines.ts";
import type { Seen } from "./seen.ts";

const NO_SETTINGS = {
	read: () => undefined,
	owner: () => undefined,
	environment: () => ({ assigned: "", files: [] }),
};

const MACHINES: readonly Seen[] = [
	...MORE_MACHINES,
	{
		module: "acme",
		units: ["acme-example.org.service", "acme-fixperms.service"],
		found: { units: ["acme-example.org.service"] },
	},
	{
		module: "acme",
		units: ["acme-example.org.service"],
		paths: ["/etc/systemd/system/acme-order-renew-example.org.service"],
		found: { units: ["acme-order-renew-example.org.service"] },
	},
	{ module: "dovecot", units: ["dovecot.service"], paths: ["/var/vmail"], found: {} },
	{
		module: "dovecot",
		units: ["dovecot.service"],
		paths: ["/etc/dovecot", "/var/mail"],
		found: { configDir: "/etc/dovecot" },
	},
	{ module: "dovecot", nixos: true, units: ["dovecot2.service"], found: { units: ["dovecot2.service"] } },
	{ module: "forgejo", paths: ["/home/git/.ssh"], found: { folders: ["/home/git/.ssh"] } },
	{ module: "gitea", nixos: true, paths: ["/home/git/.ssh"], found: {} },
	{ module: "garage", found: {} },
	{ module: "garage", paths: ["/etc/garage.toml"], found: { configFile: "/etc/garage.toml" } },
	{ module: "garage", nixos: true, paths: ["/etc/garage.toml"], found: {} },
	{
		module: "home-assistant",
		paths: ["/var/lib/hass/zigbee.db"],
		found: { zigbee: "/var/lib/hass/zigbee.db" },
	},
	{ module: "jellyfin", paths: ["/etc/jellyfin"], found: {} },
	{
		module: "jellyfin",
		paths: ["/etc/default/jellyfin"],
		found: { configDir: false, defaults: "/etc/default/jellyfin" },
	},
	{
		module: "letsencrypt",
		paths: ["/lib/systemd/system/certbot.service"],
		found: { units: ["certbot.service"] },
	},
	{ module: "letsencrypt", found: {} },
	{
		module: "mastodon",
		units: ["mastodon-web.service", "mastodon-sidekiq.service", "mastodon-streaming@4000.service"],
		found: {
			units: ["mastodon-web.service", "mastodon-sidekiq.service", "mastodon-streaming@4000.service"],
		},
	},
	{
		module: "mastodon",
		nixos: true,
		paths: ["/etc/systemd/system/mastodon-media-auto-remove.service"],
		found: { units: ["mastodon.target", "mastodon-streaming.target", "mastodon-media-auto-remove.service"] },
	},
	{
		module: "matrix-synapse",
		paths: ["/var/lib/matrix-synapse/homeserver.db"],
		found: { database: { type: "sqlite" } },
	},
	{
		module: "matrix-synapse",
		units: ["postgresql@15-main.service", "matrix-synapse.service"],
		paths: ["/var/lib/matrix-synapse/homeserver.db"],
		found: { database: { name: "synapse" } },
	},
	{
		module: "matrix-synapse",
		units: ["matrix-synapse.service", "matrix-synapse-worker@media.service"],
		found: { workers: ["matrix-synapse-worker@media.service"], database: { name: "synapse" } },
	},
	{ module: "matrix-synapse", nixos: true, found: {} },
	{
		module: "nextcloud",
		units: ["php8.2-fpm.service", "apache2.service", "cron.service", "nginx.service"],
		found: { units: ["php8.2-fpm.service", "apache2.service", "cron.service"] },
	},
	{
		module: "nextcloud",
		nixos: true,
		paths: ["/etc/systemd/system/nextcloud-update-db.service"],
		found: { units: ["phpfpm-nextcloud.service", "nextcloud-cron.service", "nextcloud-update-db.service"] },
	},
	{ module: "paperless", paths: ["/etc/paperless.conf"], found: { secrets: ["/etc/paperless.conf"] } },
	{
		module: "paperless",
		nixos: true,
		paths: ["/etc/systemd/system/paperless-exporter.service"],
		found: {
			units: [
				"paperless-web.service",
				"paperless-consumer.service",
				"paperless-scheduler.service",
				"paperless-task-queue.service",
				"paperless-exporter.service",
			],
		},
	},
	{
		module: "prometheus",
		paths: ["/etc/prometheus", "/etc/default/prometheus"],
		found: { configDir: "/etc/prometheus", defaults: "/etc/default/prometheus" },
	},
	{ module: "prometheus", found: {} },
	{
		module: "redis",
		nixos: true,
		units: ["redis.service", "redis-paperless.service"],
		found: { instances: { redis: {}, "redis-paperless": {} } },
	},
	{
		module: "redis",
		nixos: true,
		units: ["redis-a.b.service"],
		found: {
			instances: {
				"redis-a-b": {
					unit: "redis-a.b.service",
					folder: "/var/lib/redis-a.b",
					socket: "/run/redis-a.b/redis.sock",
				},
			},
		},
	},
	{ module: "valkey", paths: ["/etc/valkey"], found: { configDir: "/etc/valkey" } },
	{
		module: "vaultwarden",
		nixos: true,
		paths: ["/var/lib/bitwarden_rs", "/var/lib/vaultwarden.env"],
		found: {
			dataDir: "/var/lib/bitwarden_rs",
			database: { file: "/var/lib/bitwarden_rs/db.sqlite3" },
			environmentFile: "/var/lib/vaultwarden.env",
		},
	},
	{
		module: "vaultwarden",
		nixos: true,
		units: ["vaultwarden.service", "backup-vaultwarden.service"],
		found: { units: ["vaultwarden.service", "backup-vaultwarden.service"] },
	},
	{ module: "wireguard", units: ["wg-quick@wg0.service"], found: { interfaces: ["wg0"] } },
	{
		module: "wireguard",
		nixos: true,
		units: ["wireguard-wg0.service", "wireguard-wg0-peer-abc.service", "wireguard-wg0-key.service"],
		found: { interfaces: ["wg0"], by: "wireguard" },
	},
];

describe("init finds out which layout an application has", () => {
	for (const [index, { module: name, paths = [], units = [], nixos = false, found }] of MACHINES.entries())
		test(`${name} (${index})`, () => {
			const module = LIBRARY.get(name) as Module;
			const options =
				module.found?.({ ...NO_SETTINGS, has: (path) => paths.includes(path), units, nixos }) ?? {};
			assert.deepEqual(options, found);
			assert.ok(v.safeParse(module.options, options).success);
			assert.deepEqual(declares(module, LIBRARY, options, nixos).faults, []);
		});

	test("every module that looks at the machine is tried", () => {
		for (const { name, found } of LIBRARY.values())
			assert.ok(found === undefined || MACHINES.some(({ module }) => module === name), name);
	});

	test("a proposal has the options, and the sign that led to it", () => {
		const { modules } = propose({
			units: [{ unit: "prometheus.service", stateDirectory: [] }],
			has: (path) => path === "/etc/prometheus",
			read: () => undefined,
			owner: () => undefined,
			nixos: false,
		});
		assert.deepEqual(
			modules.map(({ name, because, options }) => ({ name, because, options })),
			[{ name: "prometheus", because: "prometheus.service", options: { configDir: "/etc/prometheus" } }],
		);
	});
});
