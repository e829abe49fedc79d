// ntfy. Upstream's package has every file of the database commented out in server.yml (server/server.yml), so those in use
// must be named; its folders are those that scripts/postinst.sh gives to the account. On NixOS a DynamicUser=.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { asks, healthHere, moreFolders, orUsual } from "../options.ts";

const DATA = {
	debian: ["/etc/ntfy", "/var/lib/ntfy", "/var/cache/ntfy"],
	nixos: ["/var/lib/ntfy-sh"],
};
const DATABASES = {
	debian: [],
	nixos: ["/var/lib/ntfy-sh/user.db", "/var/lib/ntfy-sh/cache-file.db"],
};
const HEALTH = { debian: "http://localhost/v1/health", nixos: "http://localhost:2586/v1/health" };

export const ntfy = defineModule({
	name: "ntfy",
	about: "ntfy: users, tokens and access, subscriptions, messages that are kept, and attachments",
	sources: [
		"https://docs.ntfy.sh/config/",
		"https://github.com/binwiederhier/ntfy/blob/main/scripts/postinst.sh",
		nixosModule("misc/ntfy-sh.nix"),
	],
	options: v.strictObject({
		folders: moreFolders,
		databases: v.pipe(
			v.optional(v.array(f.path)),
			v.description(
				`its auth-file, cache-file and web-push-file, as far as set (default none: it is stopped for a backup; on NixOS ${DATABASES.nixos.join(", ")})`,
			),
		),
		health: healthHere(HEALTH),
	}),
	yields: ({ folders, databases, health }, { nixos }) => ({
		state: {
			ntfy: {
				folders: [...(nixos ? DATA.nixos : DATA.debian), ...folders],
				dumps: orUsual(databases, DATABASES, nixos).map((file) => ({ sqlite: file })),
				// A database that is not named may be in one of the folders, and written while they are copied.
				stopOnBackup: nixos || databases !== undefined ? [] : ["ntfy.service"],
				stopOnRestore: [nixos ? "ntfy-sh.service" : "ntfy.service"],
				healthChecks: asks(orUsual(health, HEALTH, nixos)),
			},
		},
	}),
	found({ has, nixos }) {
		const databases = [
			...["/var/lib/ntfy/user.db", "/var/lib/ntfy/auth.db", "/var/cache/ntfy/cache.db"],
			...["/var/lib/ntfy/webpush.db", "/var/cache/ntfy/webpush.db"],
		].filter(has);
		return nixos || databases.length === 0 ? {} : { databases };
	},
	signs: { units: ["ntfy.service", "ntfy-sh.service"] },
	proven: "stand-in",
});
