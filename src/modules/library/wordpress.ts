// WordPress: its documentation asks for the files of the site and the database. Debian's package has its content in
// /var/lib/wordpress and its configuration, with the keys and the database's password, in /etc/wordpress (as described by
// its maintainer, dropbear.xyz/2015/05/16; the package itself was not read); with upstream's archive `folders` is the
// folder of the site. On NixOS themes and plugins are in the store, and each site has a unit of its own for PHP.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { databaseFor, databaseIn } from "../database-in.ts";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { asks, health, orUsual } from "../options.ts";

const FOLDERS = { debian: ["/var/lib/wordpress", "/etc/wordpress"], nixos: ["/var/lib/wordpress"] };

export const wordpress = defineModule({
	name: "wordpress",
	about: "WordPress: the uploads, themes and plugins, wp-config.php with its keys, and the database",
	sources: [
		"https://developer.wordpress.org/advanced-administration/security/backup/",
		nixosModule("web-apps/wordpress.nix"),
	],
	uses: ["mariadb"],
	options: v.strictObject({
		folders: v.pipe(
			v.optional(v.pipe(v.array(f.folder), v.minLength(1))),
			v.description(
				"its content and configuration (default /var/lib/wordpress and /etc/wordpress, on NixOS /var/lib/wordpress)",
			),
		),
		sites: v.pipe(
			v.optional(v.array(f.text), []),
			v.description(
				"on NixOS the names of its sites, whose phpfpm-wordpress-SITE.service is stopped (default none)",
			),
		),
		database: databaseIn(["mariadb"], { name: "wordpress" }),
		units: v.pipe(v.optional(v.array(f.unitName), []), v.description("further units that run PHP for it")),
		health: health(false),
	}),
	yields({ folders, sites, database, units, health }, { nixos }) {
		const { services } = databaseFor("wordpress", database);
		return {
			state: {
				wordpress: {
					folders: orUsual(folders, FOLDERS, nixos),
					stopOnRestore: [...sites.map((site) => `phpfpm-wordpress-${site}.service`), ...units],
					healthChecks: asks(health),
				},
			},
			services,
		};
	},
	found: ({ has, nixos }) => (nixos || has("/etc/wordpress") ? {} : { folders: ["/var/lib/wordpress"] }),
	signs: { folders: ["/var/lib/wordpress"] },
	proven: "stand-in",
});
