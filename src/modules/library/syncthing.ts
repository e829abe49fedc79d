// Syncthing: what makes this device known to the others, not the folders that it shares. It rebuilds its index by scanning
// (`syncthing debug reset-database`: "forcing a full rescan and resync"; index-v2 is a SQLite database since version 2).
// lib/locations/locations.go has the names; etc/linux-systemd/system/syncthing@.service is what Debian's package installs.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { asks, health } from "../options.ts";
import { Settings } from "../settings.ts";
import { xmlElements } from "../settings-text.ts";
import { homeOf, instancesOf } from "../unit-signs.ts";
import { within } from "../within.ts";

const folderOfUser = (user: string) => `${homeOf(user)}/.local/state/syncthing`;

export const syncthing = defineModule({
	name: "syncthing",
	about:
		"Syncthing: its configuration and the keys of the device. The folders that it shares are other states",
	sources: [
		"https://docs.syncthing.net/users/config.html#config-locations",
		"https://docs.syncthing.net/rest/noauth-health-get.html",
		nixosModule("networking/syncthing.nix"),
	],
	options: v.strictObject({
		users: v.pipe(
			v.optional(v.pipe(v.array(f.text), v.minLength(1)), ["syncthing"]),
			v.description("the accounts with a syncthing@USER.service, except on NixOS (default syncthing)"),
		),
		configDirs: v.pipe(
			v.optional(v.pipe(v.array(f.folder), v.minLength(1))),
			v.description(
				"the folders with config.xml and key.pem (default /home/USER/.local/state/syncthing, which was /home/USER/.config/syncthing before version 1.27; on NixOS /var/lib/syncthing/.config/syncthing)",
			),
		),
		health: health("http://localhost:8384/rest/noauth/health"),
	}),
	yields({ users, configDirs, health }, { nixos }) {
		const folders =
			configDirs ?? (nixos ? ["/var/lib/syncthing/.config/syncthing"] : users.map(folderOfUser));
		return {
			state: {
				syncthing: {
					folders,
					exclude: folders.flatMap((folder) => within(folder, "index-v2", "index-v0.14.0.db")),
					stopOnRestore: nixos ? ["syncthing.service"] : users.map((user) => `syncthing@${user}.service`),
					healthChecks: asks(health),
				},
			},
		};
	},
	settings(sight) {
		const told = new Settings(sight);
		const homes = sight.nixos
			? ["/var/lib/syncthing"]
			: instancesOf("syncthing@.service", sight.units).map(homeOf);
		for (const home of homes)
			for (const folder of [".config/syncthing", ".local/state/syncthing"])
				told.file(`${home}/${folder}/config.xml`, (text) => {
					for (const element of xmlElements(text, "folder")) {
						const path = element.get("path");
						// In <defaults>, which is for new folders, it has no name.
						if (path === undefined || element.get("id") === "") continue;
						told.leaves.push(path.replace(/^~(?=\/|$)/, home));
					}
					return new Map();
				});
		return told;
	},
	found({ units, has, nixos }) {
		const users = instancesOf("syncthing@.service", units);
		if (nixos || users.length === 0) return {};
		const old = (user: string) => `${homeOf(user)}/.config/syncthing`;
		const isOld = users.some((user) => has(`${old(user)}/config.xml`));
		const folderOf = (user: string) => (has(`${old(user)}/config.xml`) ? old(user) : folderOfUser(user));
		return { users, ...(isOld ? { configDirs: users.map(folderOf) } : {}) };
	},
	signs: { units: ["syncthing.service", "syncthing@.service"] },
	proven: "stand-in",
});
