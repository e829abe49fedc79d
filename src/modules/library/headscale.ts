// Headscale; facts: juanfont/headscale config-example.yaml, NixOS/nixpkgs nixos/modules/services/networking/headscale.nix. A control server for Tailscale clients.
import * as v from "valibot";
import { defineModule } from "../module.ts";
import { configFolder, configured, database, databaseOf, folder, moreFolders, units } from "../options.ts";

export const headscale = defineModule({
	name: "headscale",
	about: "Headscale: its nodes and users, and the private key by which they recognise it",
	sources: ["https://headscale.net/stable/setup/upgrade/", "https://headscale.net/stable/ref/configuration/"],
	uses: ["postgresql"],
	options: v.strictObject({
		dataDir: folder("/var/lib/headscale", "the database and noise_private.key"),
		configDir: configFolder("/etc/headscale"),
		folders: moreFolders,
		database: database(
			{ type: "sqlite", name: "headscale" },
			{ type: "sqlite", file: "/var/lib/headscale/db.sqlite" },
			["postgresql"],
		),
		units: units(["headscale.service"]),
	}),
	yields({ dataDir, configDir, folders, database, units }, { nixos }) {
		const { dumps, services } = databaseOf("headscale", database);
		return {
			state: {
				headscale: {
					folders: [dataDir, ...configured(configDir, "/etc/headscale", nixos), ...folders],
					dumps,
					stopOnRestore: units,
					healthChecks: [{ command: ["headscale", "nodes", "list"] }],
				},
			},
			services,
		};
	},
	signs: { units: ["headscale.service"] },
	proven: "stand-in",
});
