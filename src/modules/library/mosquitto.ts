// Mosquitto, the MQTT broker.
import * as v from "valibot";
import { defineModule } from "../module.ts";
import { configFolder, configured, folder, moreFolders, units } from "../options.ts";
import { within } from "../within.ts";

/** $1 is the folder, the rest are units. Mosquitto writes a new file next to the old one and renames it atomically. */
const WRITE = `
file="$1/mosquitto.db"; shift
seen() { stat -c %y%i "$file" 2>/dev/null || true; }
before=$(seen)
for pid in $(systemctl show --value --property=MainPID "$@"); do [ "$pid" = 0 ] || kill -USR1 "$pid"; done
for n in $(seq 50); do [ "$(seen)" = "$before" ] || break; sleep 0.1; done
`;

export const mosquitto = defineModule({
	name: "mosquitto",
	about:
		"Mosquitto: retained messages, subscriptions and queued messages, which it is told to write to its file",
	sources: [
		"https://mosquitto.org/man/mosquitto-8.html#signals",
		"https://mosquitto.org/man/mosquitto-conf-5.html",
	],
	options: v.strictObject({
		dataDir: folder("/var/lib/mosquitto", "its persistence_location"),
		configDir: configFolder("/etc/mosquitto"),
		folders: moreFolders,
		units: units(["mosquitto.service"]),
	}),
	yields: ({ dataDir, configDir, folders, units }, { nixos }) => ({
		state: {
			mosquitto: {
				folders: [dataDir, ...configured(configDir, "/etc/mosquitto", nixos), ...folders],
				hooks: { preBackup: ["bash", "-euc", WRITE, "mosquitto", dataDir, ...units] },
				exclude: within(dataDir, "mosquitto.db.new"),
				stopOnRestore: units,
			},
		},
	}),
	signs: { units: ["mosquitto.service"] },
	proven: "application",
});
