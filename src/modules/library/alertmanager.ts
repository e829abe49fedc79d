// Prometheus's Alertmanager. It replaces `silences` and `nflog` by renaming (silence/silence.go, nflog/nflog.go), so they
// can be copied while it runs. Distributions patch the default paths: those here are openSUSE's (0001-Default-settings.patch);
// that Debian has the same, and its unit, were not verified. On NixOS a DynamicUser=.
import * as v from "valibot";
import { chosen, folderBy, nixosModule, unitsBy } from "../layouts.ts";
import { defineModule } from "../module.ts";
import { asks, health, moreFolders } from "../options.ts";

const DATA = { packaged: "/var/lib/prometheus/alertmanager", nixos: "/var/lib/alertmanager" };
const UNITS = { packaged: ["prometheus-alertmanager.service"], nixos: ["alertmanager.service"] };

export const alertmanager = defineModule({
	name: "alertmanager",
	about: "Alertmanager: silences, and which notifications it has sent",
	sources: [
		"https://prometheus.io/docs/alerting/latest/alertmanager/",
		"https://github.com/prometheus/alertmanager/blob/main/silence/silence.go",
		nixosModule("monitoring/prometheus/alertmanager.nix"),
	],
	options: v.strictObject({
		dataDir: folderBy(DATA, "its --storage.path"),
		folders: moreFolders,
		units: unitsBy(UNITS),
		health: health("http://127.0.0.1:9093/-/healthy"),
	}),
	yields: ({ dataDir, folders, units, health }, { nixos }) => ({
		state: {
			alertmanager: {
				folders: [chosen(dataDir, DATA, nixos), ...folders],
				stopOnRestore: chosen(units, UNITS, nixos),
				healthChecks: asks(health),
			},
		},
	}),
	signs: { units: ["prometheus-alertmanager.service", "alertmanager.service"] },
	proven: "stand-in",
});
