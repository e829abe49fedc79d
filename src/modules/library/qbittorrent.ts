// qBittorrent without its window. The downloads are apart. It writes each file of BT_backup by renaming (QSaveFile in
// src/base/utils/io.cpp), so they can be copied while it runs. With --profile, as on NixOS, everything is in one folder
// (src/base/profile_p.cpp). The units are those of dist/unix/systemd, one per account.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { asks, health, moreFolders } from "../options.ts";
import { homeOf, instancesOf } from "../unit-signs.ts";

const PROFILE = "/var/lib/qBittorrent/qBittorrent";
const dataOf = (user: string) => `${homeOf(user)}/.local/share/qBittorrent`;

export const qbittorrent = defineModule({
	name: "qbittorrent",
	about: "qBittorrent: its settings, torrents and their progress. The downloads are another state",
	sources: [
		"https://github.com/qbittorrent/qBittorrent/blob/master/src/base/profile_p.cpp",
		"https://github.com/qbittorrent/qBittorrent/blob/master/dist/unix/systemd/qbittorrent-nox@.service.in",
		nixosModule("torrent/qbittorrent.nix"),
	],
	options: v.strictObject({
		users: v.pipe(
			v.optional(v.pipe(v.array(f.text), v.minLength(1)), ["qbittorrent"]),
			v.description(
				"the accounts with a qbittorrent-nox@USER.service, except on NixOS (default qbittorrent)",
			),
		),
		data: v.pipe(
			v.optional(v.pipe(v.array(f.folder), v.minLength(1))),
			v.description(
				"the folders with BT_backup (default /home/USER/.local/share/qBittorrent, on NixOS /var/lib/qBittorrent/qBittorrent/data)",
			),
		),
		config: v.pipe(
			v.optional(v.array(f.folder)),
			v.description(
				"the folders with qBittorrent.conf (default /home/USER/.config/qBittorrent, on NixOS /var/lib/qBittorrent/qBittorrent/config)",
			),
		),
		folders: moreFolders,
		inDatabase: v.pipe(
			v.optional(v.boolean(), false),
			v.description("its setting for the storage of resume data is SQLite: torrents.db (default false)"),
		),
		health: health("http://localhost:8080/"),
	}),
	yields({ users, data, config, folders, inDatabase, health }, { nixos }) {
		const own = data ?? (nixos ? [`${PROFILE}/data`] : users.map(dataOf));
		const settings =
			config ?? (nixos ? [`${PROFILE}/config`] : users.map((user) => `${homeOf(user)}/.config/qBittorrent`));
		return {
			state: {
				qbittorrent: {
					folders: [...own, ...settings, ...folders],
					dumps: inDatabase ? own.map((folder) => ({ sqlite: `${folder}/torrents.db` })) : [],
					stopOnRestore: nixos
						? ["qbittorrent.service"]
						: users.map((user) => `qbittorrent-nox@${user}.service`),
					healthChecks: asks(health),
				},
			},
		};
	},
	found({ units, has, nixos }) {
		const users = nixos ? [] : instancesOf("qbittorrent-nox@.service", units);
		const folders = nixos ? [`${PROFILE}/data`] : users.map(dataOf);
		const inDatabase = folders.some((folder) => has(`${folder}/torrents.db`));
		return { ...(users.length === 0 ? {} : { users }), ...(inDatabase ? { inDatabase } : {}) };
	},
	signs: { units: ["qbittorrent.service", "qbittorrent-nox@.service"] },
	proven: "stand-in",
});
