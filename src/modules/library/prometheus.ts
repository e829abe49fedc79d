// Prometheus.
import * as v from "valibot";
import { defineModule } from "../module.ts";
import { asks, folder, health, moreFolders, units } from "../options.ts";
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
		folders: moreFolders,
		units: units(["prometheus.service"]),
		health: health("http://127.0.0.1:9090/-/ready"),
	}),
	yields: ({ dataDir, folders, units, health }, { nixos }) => ({
		state: {
			prometheus: {
				folders: [folderOf(dataDir, nixos), ...folders],
				// On Debian and NixOS both are in a subfolder.
				exclude: within(folderOf(dataDir, nixos), "lock", "*/lock", "queries.active", "*/queries.active"),
				stopOnBackup: units,
				stopOnRestore: units,
				healthChecks: asks(health),
			},
		},
	}),
	signs: { units: ["prometheus.service"] },
	proven: "application",
});

const folderOf = (dataDir: string, nixos: boolean) =>
	nixos && dataDir === "/var/lib/prometheus" ? "/var/lib/prometheus2" : dataDir;
