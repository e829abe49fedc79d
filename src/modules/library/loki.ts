// Loki with its data on this machine. It is stopped, because index, chunks and write-ahead log must fit together. Every
// path is in its configuration: NixOS's example is the usual folder; upstream's package has /etc/loki/config.yml with
// path_prefix /tmp/loki, which is no place for data, so the real one must be named. It says that it is ready only a while
// after its start, so there is no health check.
import * as v from "valibot";
import { unlessConfig } from "../found.ts";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { asks, configFolder, configured, folder, health, moreFolders, units } from "../options.ts";

export const loki = defineModule({
	name: "loki",
	about: "Loki: the logs that it keeps on this machine, and rules. It is stopped while they are copied",
	sources: [
		"https://grafana.com/docs/loki/latest/operations/storage/filesystem/",
		"https://github.com/grafana/loki/blob/main/cmd/loki/loki-local-config.yaml",
		"https://github.com/grafana/loki/blob/main/tools/packaging/loki.service",
		nixosModule("monitoring/loki.nix"),
	],
	options: v.strictObject({
		dataDir: folder("/var/lib/loki", "its path_prefix"),
		configDir: configFolder("/etc/loki"),
		folders: moreFolders,
		units: units(["loki.service"]),
		health: health(false),
	}),
	yields: ({ dataDir, configDir, folders, units, health }, { nixos }) => ({
		state: {
			loki: {
				folders: [dataDir, ...configured(configDir, "/etc/loki", nixos), ...folders],
				stopOnBackup: units,
				stopOnRestore: units,
				healthChecks: asks(health),
			},
		},
	}),
	found: (sight) => unlessConfig("/etc/loki", sight),
	signs: { units: ["loki.service"] },
	proven: "stand-in",
});
