// Prosody with its usual storage, one file for each account and kind of data, or with SQLite. Certificates that prosodyctl
// imported are in its configuration folder. On NixOS the configuration is generated.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { unlessConfig } from "../found.ts";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { configFolder, configured, folder, moreFolders, units } from "../options.ts";

export const prosody = defineModule({
	name: "prosody",
	about: "Prosody: accounts, contact lists, archived messages, rooms and uploads, and its configuration",
	sources: [
		"https://prosody.im/doc/storage",
		"https://prosody.im/doc/configure",
		nixosModule("networking/prosody.nix"),
	],
	options: v.strictObject({
		dataDir: folder("/var/lib/prosody", "its data_path"),
		configDir: configFolder("/etc/prosody"),
		folders: moreFolders,
		sqlite: v.pipe(
			v.optional(f.path),
			v.description(
				"SQLite's file if its storage is sql with that driver, such as /var/lib/prosody/prosody.sqlite",
			),
		),
		units: units(["prosody.service"]),
	}),
	yields: ({ dataDir, configDir, folders, sqlite, units }, { nixos }) => ({
		state: {
			prosody: {
				folders: [dataDir, ...configured(configDir, "/etc/prosody", nixos), ...folders],
				dumps: sqlite === undefined ? [] : [{ sqlite }],
				stopOnRestore: units,
			},
		},
	}),
	found: (sight) => ({
		...unlessConfig("/etc/prosody", sight),
		...(sight.has("/var/lib/prosody/prosody.sqlite") ? { sqlite: "/var/lib/prosody/prosody.sqlite" } : {}),
	}),
	signs: { units: ["prosody.service"] },
	proven: "stand-in",
});
