// Prometheus. Facts: Debian's prometheus 2.42 (/etc/default/prometheus has its command line); NixOS/nixpkgs
// nixos/modules/services/monitoring/prometheus/default.nix (its stateDir is prometheus2).
import * as v from "valibot";
import { ifConfig } from "../found.ts";
import { defineModule } from "../module.ts";
import { asks, defaultsFile, folder, health, moreFolders, named, optionalConfig, units } from "../options.ts";
import { within } from "../within.ts";

export const prometheus = defineModule({
	name: "prometheus",
	about:
		"Prometheus: the time series. It is stopped while they are copied, because its files must be consistent with each other",
	sources: [
		"https://prometheus.io/docs/prometheus/latest/storage/#operational-aspects",
		"https://prometheus.io/docs/prometheus/latest/querying/api/#snapshot",
	],
	options: v.strictObject({
		dataDir: folder("/var/lib/prometheus", "the folder that contains its storage.tsdb.path"),
		configDir: optionalConfig("/etc/prometheus"),
		defaults: defaultsFile("/etc/default/prometheus"),
		folders: moreFolders,
		units: units(["prometheus.service"]),
		health: health("http://localhost:9090/-/ready"),
	}),
	yields: ({ dataDir, configDir, defaults, folders, units, health }, { nixos }) => ({
		state: {
			prometheus: {
				folders: [folderOf(dataDir, nixos), ...named(configDir, defaults), ...folders],
				// On Debian and NixOS both are in a subfolder.
				exclude: within(folderOf(dataDir, nixos), "lock", "*/lock", "queries.active", "*/queries.active"),
				stopOnBackup: units,
				stopOnRestore: units,
				healthChecks: asks(health),
			},
		},
	}),
	found: (sight) => ({
		...ifConfig("/etc/prometheus", sight),
		...ifConfig("/etc/default/prometheus", sight, "defaults"),
	}),
	signs: { units: ["prometheus.service"] },
	proven: "application",
});

const folderOf = (dataDir: string, nixos: boolean) =>
	nixos && dataDir === "/var/lib/prometheus" ? "/var/lib/prometheus2" : dataDir;
