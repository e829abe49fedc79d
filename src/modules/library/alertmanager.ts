// Prometheus's Alertmanager. It replaces `silences` and `nflog` by renaming (silence/silence.go, nflog/nflog.go), so they
// can be copied while it runs. Distributions patch the default paths: those here are openSUSE's (0001-Default-settings.patch);
// that Debian has the same, and its unit, were not verified. On NixOS a DynamicUser=.
import * as v from "valibot";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { asks, folderHere, health, moreFolders, orUsual, unitsHere } from "../options.ts";

const DATA = { debian: "/var/lib/prometheus/alertmanager", nixos: "/var/lib/alertmanager" };
const UNITS = { debian: ["prometheus-alertmanager.service"], nixos: ["alertmanager.service"] };

export const alertmanager = defineModule({
	name: "alertmanager",
	about: "Alertmanager: silences, and which notifications it has sent",
	sources: [
		"https://prometheus.io/docs/alerting/latest/alertmanager/",
		"https://github.com/prometheus/alertmanager/blob/main/silence/silence.go",
		nixosModule("monitoring/prometheus/alertmanager.nix"),
	],
	options: v.strictObject({
		dataDir: folderHere(DATA, "its --storage.path"),
		folders: moreFolders,
		units: unitsHere(UNITS),
		health: health("http://localhost:9093/-/healthy"),
	}),
	yields: ({ dataDir, folders, units, health }, { nixos }) => ({
		state: {
			alertmanager: {
				folders: [orUsual(dataDir, DATA, nixos), ...folders],
				stopOnRestore: orUsual(units, UNITS, nixos),
				healthChecks: asks(health),
			},
		},
	}),
	signs: { units: ["prometheus-alertmanager.service", "alertmanager.service"] },
	proven: "stand-in",
});
