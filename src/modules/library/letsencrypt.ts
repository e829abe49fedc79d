// Certificates managed by certbot. Facts: certbot/certbot docs using.rst; Debian's certbot 2.1.0 (certbot.timer).
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { defineModule } from "../module.ts";
import { units } from "../options.ts";

/** Each certificate parses and belongs to its key. An expired one is no failure: certbot renews it, and a restore cannot. */
const BELONG = `
for one in /etc/letsencrypt/live/*/fullchain.pem; do
	[ -e "$one" ] || continue
	key=$(openssl pkey -pubout -in "\${one%fullchain.pem}privkey.pem")
	[ "$(openssl x509 -noout -pubkey -in "$one")" = "$key" ] || { echo "$one does not belong to its key"; exit 1; }
done
`.trim();

export const letsencrypt = defineModule({
	name: "letsencrypt",
	about: "Let's Encrypt by certbot: accounts, keys, certificates, and the symlinks between them",
	sources: ["https://eff-certbot.readthedocs.io/en/stable/using.html#where-are-my-certificates"],
	options: v.strictObject({
		reload: v.pipe(
			v.optional(v.array(f.unitName), []),
			v.description("units that read the certificates, reloaded after a restore"),
		),
		units: units([]),
	}),
	yields: ({ reload, units }) => ({
		state: {
			letsencrypt: {
				folders: ["/etc/letsencrypt"],
				...(reload.length === 0
					? {}
					: { hooks: { postRestore: ["systemctl", "try-reload-or-restart", ...reload] } }),
				stopOnRestore: units,
				healthChecks: [{ script: BELONG, within: 0 }],
			},
		},
	}),
	// The service, since what would start it, its timer, is stopped with it.
	found({ has }) {
		const units = [
			["/lib/systemd/system", "certbot.service"],
			["/etc/systemd/system", "snap.certbot.renew.service"],
		].flatMap(([folder, unit = ""]) => (has(`${folder}/${unit}`) ? [unit] : []));
		return units.length === 0 ? {} : { units };
	},
	signs: { folders: ["/etc/letsencrypt/live"] },
	proven: "application",
});
