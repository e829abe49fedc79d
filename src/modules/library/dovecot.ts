// Mail of Dovecot. Facts: doc.dovecot.org config/mailbox/formats; Debian's dovecot 2.3.19 (mbox in ~/mail and /var/mail, and
// dovecot.socket, which is stopped with its service); NixOS/nixpkgs nixos/modules/services/mail/dovecot.nix (maildir in
// /var/spool/mail; its unit was dovecot2.service before).
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { ifConfig } from "../found.ts";
import { defineModule } from "../module.ts";
import { moreFolders, named, optionalConfig, orUsual, units } from "../options.ts";
import { within } from "../within.ts";

const MAIL = { debian: ["/var/vmail"], nixos: ["/var/spool/mail"] };

export const dovecot = defineModule({
	name: "dovecot",
	about:
		"Dovecot's mail: maildirs are copied while it runs, other formats while it is stopped; and its configuration",
	sources: [
		"https://doc.dovecot.org/main/core/config/mailbox/formats/maildir.html",
		"https://doc.dovecot.org/main/core/config/mailbox/formats/dbox.html",
	],
	options: v.strictObject({
		mail: v.pipe(
			v.optional(v.pipe(v.array(f.folder), v.minLength(1))),
			v.description("the folders that contain the mail (default /var/vmail, on NixOS /var/spool/mail)"),
		),
		format: v.pipe(
			v.optional(v.picklist(["maildir", "mbox", "sdbox", "mdbox"]), "maildir"),
			v.description("their format: all but maildir are copied while the units are stopped (default maildir)"),
		),
		configDir: optionalConfig("/etc/dovecot"),
		folders: moreFolders,
		units: units(["dovecot.service"]),
	}),
	yields({ mail, format, configDir, folders, units }, { nixos }) {
		const boxes = orUsual(mail, MAIL, nixos);
		return {
			state: {
				mail: {
					folders: [...boxes, ...named(configDir), ...folders],
					// Only caches and locks. The indexes stay: those of sdbox and mdbox are the only place of flags, and a maildir's
					// hold its keywords after the 26th. At any depth, since a mailbox is a folder of its own.
					exclude: boxes.flatMap((folder) =>
						within(folder, "**/dovecot.index.cache", "**/dovecot-uidlist.lock"),
					),
					stopOnBackup: format === "maildir" ? [] : units,
					stopOnRestore: units,
				},
			},
		};
	},
	found(sight) {
		const unit = ["dovecot.service", "dovecot2.service"].find((one) => sight.units.includes(one));
		// Where the mail is, and in which format, cannot be seen: /var/mail is on every Debian.
		return {
			...(unit === "dovecot2.service" ? { units: [unit] } : {}),
			...ifConfig("/etc/dovecot", sight),
		};
	},
	signs: { units: ["dovecot.service", "dovecot2.service"] },
	proven: "application",
});
