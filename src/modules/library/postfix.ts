// Postfix: the configuration, and local mailboxes. Its queue is not backed up: to restore it would send again what was
// delivered meanwhile. Where Dovecot has the mailboxes, set spool to false: it is
// so by default on NixOS, where the configuration is generated.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { unlessConfig } from "../found.ts";
import { defineModule, type Sight } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { configFolder, configured, moreFolders, named, orUsual, units } from "../options.ts";

const SPOOL = { debian: "/var/mail", nixos: false } as const;
const NIXOS_SPOOL = "/var/spool/mail";

/** Dovecot's module has the mail, wherever it is. */
function spoolOf({ units, has, nixos }: Sight) {
	if (units.some((unit) => unit.startsWith("dovecot"))) return { spool: false };
	return nixos && has(NIXOS_SPOOL) ? { spool: NIXOS_SPOOL } : {};
}

export const postfix = defineModule({
	name: "postfix",
	about: "Postfix: its configuration and the local mailboxes, without the mail that is still in its queue",
	sources: [
		"https://www.postfix.org/postconf.5.html#mail_spool_directory",
		"https://www.postfix.org/QSHAPE_README.html#queues",
		nixosModule("mail/postfix.nix"),
	],
	options: v.strictObject({
		spool: v.pipe(
			v.optional(v.union([v.literal(false), f.folder])),
			v.description(
				`its mail_spool_directory, or false (default ${SPOOL.debian}, on NixOS false; its folder there is ${NIXOS_SPOOL})`,
			),
		),
		configDir: configFolder("/etc/postfix"),
		folders: v.pipe(moreFolders, v.description("additional folders and files, such as /etc/aliases")),
		units: units(["postfix.service"]),
	}),
	yields({ spool, configDir, folders, units }, { nixos }) {
		const mailboxes = orUsual<string | false>(spool, SPOOL, nixos);
		const all = [...named(mailboxes), ...configured(configDir, "/etc/postfix", nixos), ...folders];
		return { state: all.length === 0 ? {} : { postfix: { folders: all, stopOnRestore: units } } };
	},
	found: (sight) => ({
		...unlessConfig("/etc/postfix", sight),
		...spoolOf(sight),
		...(!sight.nixos && sight.has("/etc/aliases") ? { folders: ["/etc/aliases"] } : {}),
	}),
	signs: { units: ["postfix.service"] },
	proven: "stand-in",
});
