// Deluge's daemon. The downloads are apart. It writes its state by renaming (deluge/core/torrentmanager.py,
// deluge/config.py), so it can be copied while it runs. The folder is that of upstream's systemd page and of NixOS; Debian's
// package is said to have its own folder, which was not verified: init looks whether it is there.
import * as v from "valibot";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { folder, moreFolders, units } from "../options.ts";

const DEBIAN = "/var/lib/deluged/config";

export const deluge = defineModule({
	name: "deluge",
	about: "Deluge: its settings, accounts, torrents and their progress. The downloads are another state",
	sources: [
		"https://github.com/deluge-torrent/deluge/blob/develop/docs/source/how-to/systemd-service.md",
		"https://github.com/deluge-torrent/deluge/blob/develop/deluge/core/torrentmanager.py",
		nixosModule("torrent/deluge.nix"),
	],
	options: v.strictObject({
		configDir: folder("/var/lib/deluge/.config/deluge", "the folder with core.conf and state"),
		folders: moreFolders,
		units: units(["deluged.service"]),
	}),
	yields: ({ configDir, folders, units }) => ({
		state: { deluge: { folders: [configDir, ...folders], stopOnRestore: units } },
	}),
	found: ({ has }) => (has(`${DEBIAN}/core.conf`) ? { configDir: DEBIAN } : {}),
	signs: { units: ["deluged.service"] },
	proven: "stand-in",
});
