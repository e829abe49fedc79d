// Mail of Dovecot.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { defineModule } from "../module.ts";
import { configFolder, configured, moreFolders, units } from "../options.ts";
import { within } from "../within.ts";

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
			v.optional(v.pipe(v.array(f.folder), v.minLength(1)), ["/var/vmail"]),
			v.description("the folders that contain the mail (default /var/vmail)"),
		),
		format: v.pipe(
			v.optional(v.picklist(["maildir", "mbox", "sdbox", "mdbox"]), "maildir"),
			v.description("their format: all but maildir are copied while the units are stopped (default maildir)"),
		),
		configDir: configFolder("/etc/dovecot"),
		folders: moreFolders,
		units: units(["dovecot.service"]),
	}),
	yields: ({ mail, format, configDir, folders, units }, { nixos }) => ({
		state: {
			mail: {
				folders: [...mail, ...configured(configDir, "/etc/dovecot", nixos), ...folders],
				// Only caches and locks. The indexes stay: those of sdbox and mdbox are the only place of flags, and a maildir's
				// hold its keywords after the 26th. At any depth, since a mailbox is a folder of its own.
				exclude: mail.flatMap((folder) =>
					within(folder, "**/dovecot.index.cache", "**/dovecot-uidlist.lock"),
				),
				stopOnBackup: format === "maildir" ? [] : units,
				stopOnRestore: units,
			},
		},
	}),
	signs: { units: ["dovecot.service"] },
	proven: "application",
});
