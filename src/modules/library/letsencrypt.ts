// Certificates managed by certbot.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { defineModule } from "../module.ts";

export const letsencrypt = defineModule({
	name: "letsencrypt",
	about: "Let's Encrypt by certbot: accounts, keys, certificates, and the symlinks between them",
	sources: ["https://eff-certbot.readthedocs.io/en/stable/using.html#where-are-my-certificates"],
	options: v.strictObject({
		reload: v.pipe(
			v.optional(v.array(f.unitName), []),
			v.description("units that read the certificates, reloaded after a restore"),
		),
	}),
	yields: ({ reload }) => ({
		state: {
			letsencrypt: {
				folders: ["/etc/letsencrypt"],
				...(reload.length === 0
					? {}
					: { hooks: { postRestore: ["systemctl", "try-reload-or-restart", ...reload] } }),
				healthChecks: [
					{
						script:
							'for one in /etc/letsencrypt/live/*/fullchain.pem; do [ -e "$one" ] || continue; openssl x509 -noout -checkend 0 -in "$one"; done',
						within: 0,
					},
				],
			},
		},
	}),
	signs: { folders: ["/etc/letsencrypt/live"] },
	proven: "application",
});
