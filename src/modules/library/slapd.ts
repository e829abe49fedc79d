// OpenLDAP's server. Its manual says to back up with slapcat, which also works while slapd runs with mdb, and to load with
// slapadd while it is stopped. The configuration is in /etc/ldap on Debian; on NixOS it is generated, and names the folder
// of each database: the default here is that of NixOS's own test. A wrong one is found by the first backup.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { record } from "../../values/record.ts";
import { unlessConfig } from "../found.ts";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { configFolder, configured, moreFolders, orUsual, unitsHere } from "../options.ts";

const UNITS = { debian: ["slapd.service"], nixos: ["openldap.service"] };
const DIRECTORY = { debian: "/var/lib/ldap", nixos: "/var/db/openldap" };
/** Of NixOS, where the programs do not find it by themselves. */
const CONFIG = "/etc/openldap/slapd.d";

const CHECK = '[ -d "$1" ] || { echo "$1 is not a folder: set the directory of the database" >&2; exit 1; }';
const DUMP = `${CHECK}; shift; exec slapcat "$@"`;
const LOAD = `${CHECK}; rm -f "$1"/*.mdb; shift; exec slapadd -q "$@"`;

export const slapd = defineModule({
	name: "slapd",
	about:
		"OpenLDAP: each database as slapcat writes it, with its operational attributes, and the configuration",
	sources: [
		"https://www.openldap.org/doc/admin26/maintenance.html",
		"https://www.openldap.org/software/man.cgi?query=slapcat",
		nixosModule("databases/openldap.nix"),
	],
	options: v.strictObject({
		databases: v.pipe(
			v.optional(
				record(
					f.name,
					v.strictObject({
						number: v.pipe(
							v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 1),
							v.description("its number in the configuration (default 1)"),
						),
						directory: v.pipe(
							v.optional(f.path),
							v.description(`its olcDbDirectory (default ${DIRECTORY.debian}, on NixOS ${DIRECTORY.nixos})`),
						),
					}),
				),
				{ ldap: {} },
			),
			v.description("its databases, by names that you choose (default: one, named ldap)"),
		),
		user: v.pipe(
			v.optional(f.text, "openldap"),
			v.description("the account that owns them (default openldap)"),
		),
		configDir: configFolder("/etc/ldap"),
		folders: moreFolders,
		units: unitsHere(UNITS),
	}),
	yields({ databases, user, configDir, folders, units }, { nixos }) {
		const where = nixos ? ["-F", CONFIG] : [];
		return {
			state: {
				slapd: {
					folders: [...configured(configDir, "/etc/ldap", nixos), ...folders],
					dumps: Object.entries(databases).map(([name, { number, directory }]) => {
						const words = [orUsual(directory, DIRECTORY, nixos), ...where, "-n", String(number)];
						const run = (script: string) => ({ command: ["sh", "-euc", script, "sh", ...words], user });
						return { name, command: run(DUMP), load: run(LOAD) };
					}),
					stopOnRestore: orUsual(units, UNITS, nixos),
				},
			},
		};
	},
	found(sight) {
		const directory = sight.nixos
			? ["/var/db/openldap", "/var/lib/openldap/data", "/var/lib/openldap/db", "/var/db/ldap"].find(sight.has)
			: undefined;
		return {
			...unlessConfig("/etc/ldap", sight),
			...(directory === undefined || directory === DIRECTORY.nixos
				? {}
				: { databases: { ldap: { directory } } }),
		};
	},
	signs: { units: ["slapd.service", "openldap.service"] },
	proven: "application",
});
