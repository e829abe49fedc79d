// Home Assistant as a systemd service. (Home Assistant OS has built-in backups.) Facts: home-assistant/core
// homeassistant/components/backup/const.py (what its own backups leave out), homeassistant/components/zha/const.py;
// NixOS/nixpkgs nixos/modules/services/home-automation/home-assistant.nix.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
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
		zigbee: v.pipe(
			v.optional(f.path),
			v.description("the SQLite file of ZHA, such as /var/lib/hass/zigbee.db (default: none)"),
		),
		backups: v.pipe(
			v.optional(v.boolean(), true),
			v.description(
				"whether its own backups are backed up; if not, a restore deletes those on the machine (default true)",
			),
		),
		health: health("http://localhost:8123/manifest.json"),
	}),
	yields({ configDir, database, units, zigbee, backups, health }) {
		const { dumps, services } = databaseOf("home-assistant", database);
		return {
			state: {
				"home-assistant": {
					folders: [configDir],
					// Of the folder itself: people keep files below www and media. deps stays, since making it again needs the internet.
					exclude: within(
						configDir,
						"home-assistant.log",
						"home-assistant.log.*",
						"tts/*",
						"custom_components/**/__pycache__",
						...(backups ? [] : ["backups/*.tar", "tmp_backups/*.tar"]),
					),
					dumps: [...dumps, ...(zigbee === undefined ? [] : [{ sqlite: zigbee }])],
					stopOnRestore: units,
					healthChecks: asks(health),
				},
			},
			services,
		};
	},
	found: ({ has }) => (has("/var/lib/hass/zigbee.db") ? { zigbee: "/var/lib/hass/zigbee.db" } : {}),
	signs: { units: ["home-assistant.service"] },
	proven: "stand-in",
});
