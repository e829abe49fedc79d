// Home Assistant as a systemd service. (Home Assistant OS has built-in backups.)
import * as v from "valibot";
import { defineModule } from "../module.ts";
import { asks, database, databaseOf, folder, health, units } from "../options.ts";
import { within } from "../within.ts";

export const homeAssistant = defineModule({
	name: "home-assistant",
	about: "Home Assistant: configuration, users, devices, and the recorder's history",
	sources: [
		"https://www.home-assistant.io/docs/configuration/",
		"https://www.home-assistant.io/integrations/recorder/",
	],
	uses: ["postgresql", "mariadb"],
	options: v.strictObject({
		configDir: folder("/var/lib/hass", "its configuration, with .storage"),
		database: database(
			{ type: "sqlite", name: "homeassistant" },
			{ type: "sqlite", file: "/var/lib/hass/home-assistant_v2.db" },
		),
		units: units(["home-assistant.service"]),
		health: health("http://127.0.0.1:8123/manifest.json"),
	}),
	yields({ configDir, database, units, health }) {
		const { dumps, services } = databaseOf("home-assistant", database);
		return {
			state: {
				"home-assistant": {
					folders: [configDir],
					// Home Assistant leaves these out of its own backups, too (homeassistant/components/backup/const.py).
					exclude: within(
						configDir,
						"home-assistant.log",
						"home-assistant.log.*",
						"tts/*",
						"custom_components/**/__pycache__",
					),
					dumps,
					stopOnRestore: units,
					healthChecks: asks(health),
				},
			},
			services,
		};
	},
	signs: { units: ["home-assistant.service"] },
	proven: "stand-in",
});
