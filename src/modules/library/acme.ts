// Certificates managed by NixOS's security.acme (lego).
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { defineModule } from "../module.ts";
import { folder } from "../options.ts";

export const acme = defineModule({
	name: "acme",
	about: "NixOS's security.acme: accounts, keys and certificates",
	sources: ["https://nixos.org/manual/nixos/stable/#module-security-acme"],
	options: v.strictObject({
		dataDir: folder("/var/lib/acme", "the folder in which they are stored"),
		reload: v.pipe(
			v.optional(v.array(f.unitName), []),
			v.description("units that read the certificates, reloaded after a restore"),
		),
	}),
	yields: ({ dataDir, reload }) => ({
		state: {
			acme: {
				folders: [dataDir],
				...(reload.length === 0
					? {}
					: { hooks: { postRestore: ["systemctl", "try-reload-or-restart", ...reload] } }),
			},
		},
	}),
	signs: { folders: ["/var/lib/acme"] },
	proven: "stand-in",
});
