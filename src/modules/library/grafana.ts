// Grafana. Facts: grafana docs setup-grafana/configure-grafana (`[paths] data`); NixOS/nixpkgs
// nixos/modules/services/monitoring/grafana.nix, where `data` is a folder in /var/lib/grafana.
import * as v from "valibot";
import { defineModule } from "../module.ts";
import {
	asks,
	configFolder,
	configured,
	database,
	databaseOf,
	folder,
	health,
	moreFolders,
} from "../options.ts";
import { within } from "../within.ts";

export const grafana = defineModule({
	name: "grafana",
	about: "Grafana: dashboards, users, alert rules and plugins",
	sources: ["https://grafana.com/docs/grafana/latest/administration/back-up-grafana/"],
	uses: ["postgresql", "mariadb"],
	options: v.strictObject({
		dataDir: folder("/var/lib/grafana", "its `data` path; on NixOS the folder that contains it"),
		configDir: configFolder("/etc/grafana"),
		folders: moreFolders,
		database: database(
			{ type: "sqlite", name: "grafana" },
			{ type: "sqlite", file: "/var/lib/grafana/grafana.db" },
		),
		health: health("http://localhost:3000/api/health"),
	}),
	yields({ dataDir, configDir, folders, database, health }, { nixos }) {
		// On NixOS the data are one folder deeper.
		const own =
			nixos && database.file === "/var/lib/grafana/grafana.db"
				? { ...database, file: "/var/lib/grafana/data/grafana.db" }
				: database;
		const { dumps, services } = databaseOf("grafana", own);
		return {
			state: {
				grafana: {
					folders: [dataDir, ...configured(configDir, "/etc/grafana", nixos), ...folders],
					exclude: within(nixos ? `${dataDir}/data` : dataDir, "png", "csv", "pdf"),
					dumps,
					stopOnRestore: [nixos ? "grafana.service" : "grafana-server.service"],
					healthChecks: asks(health),
				},
			},
			services,
		};
	},
	signs: { units: ["grafana-server.service", "grafana.service"] },
	proven: "stand-in",
});
