// Mail in maildirs.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { defineModule } from "../module.ts";
import { units } from "../options.ts";

export const dovecot = defineModule({
	name: "dovecot",
	about: "Dovecot's mail in maildirs, which can be copied at any time; Dovecot rebuilds its indexes",
	sources: ["https://doc.dovecot.org/main/core/config/mailbox/formats/maildir.html"],
	options: v.strictObject({
		mail: v.pipe(
			v.optional(v.pipe(v.array(f.folder), v.minLength(1)), ["/var/vmail"]),
			v.description("the folders that contain the maildirs (default /var/vmail)"),
		),
		units: units(["dovecot.service"]),
	}),
	yields: ({ mail, units }) => ({
		state: {
			mail: {
				folders: mail,
				// "Index files can be deleted and rebuilt without any side effects". This does not apply to the control files
				// (dovecot-uidlist, dovecot-keywords). Only the first 26 keywords of a folder are stored outside the indexes.
				// The patterns are exact names, because a mailbox may have a similar name.
				exclude: [
					...["dovecot.index", "dovecot.list.index"].flatMap((name) => [
						name,
						`${name}.cache`,
						`${name}.log`,
						`${name}.log.2`,
					]),
					"dovecot-uidlist.lock",
				],
				stopOnRestore: units,
			},
		},
	}),
	signs: { units: ["dovecot.service"] },
	proven: "application",
});
