// Caddy: certificates, their keys, its ACME accounts and its local authority are below /var/lib/caddy, the home folder of
// its account. No health check: what it serves and whether its certificates are valid depends on its configuration.
import * as v from "valibot";
import { unlessConfig } from "../found.ts";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { asks, configFolder, configured, folder, health, moreFolders, units } from "../options.ts";

export const caddy = defineModule({
	name: "caddy",
	about: "Caddy: certificates, keys, ACME accounts, its own authority, and its configuration",
	sources: [
		"https://caddyserver.com/docs/running#using-the-service",
		"https://caddyserver.com/docs/conventions#file-locations",
		nixosModule("web-servers/caddy/default.nix"),
	],
	options: v.strictObject({
		dataDir: folder("/var/lib/caddy", "the home folder of its account"),
		configDir: configFolder("/etc/caddy"),
		folders: moreFolders,
		units: units(["caddy.service"]),
		health: health(false),
	}),
	yields: ({ dataDir, configDir, folders, units, health }, { nixos }) => ({
		state: {
			caddy: {
				folders: [dataDir, ...configured(configDir, "/etc/caddy", nixos), ...folders],
				stopOnRestore: units,
				healthChecks: asks(health),
			},
		},
	}),
	found: (sight) => unlessConfig("/etc/caddy", sight),
	signs: { units: ["caddy.service"] },
	proven: "stand-in",
});
