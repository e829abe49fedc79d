// Certificates managed by NixOS's security.acme (lego). Facts: NixOS/nixpkgs nixos/modules/security/acme/default.nix: an
// order runs in acme-NAME.service, since 25.11 in acme-order-renew-NAME.service, started by its timer. Credentials for DNS
// challenges are outside (environmentFile, credentialFiles).
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { defineModule } from "../module.ts";
import { folder, moreFolders, units } from "../options.ts";

export const acme = defineModule({
	name: "acme",
	about: "NixOS's security.acme: accounts, keys and certificates",
	sources: ["https://nixos.org/manual/nixos/stable/#module-security-acme"],
	options: v.strictObject({
		dataDir: folder("/var/lib/acme", "the folder in which they are stored"),
		folders: moreFolders,
		reload: v.pipe(
			v.optional(v.array(f.unitName), []),
			v.description("units that read the certificates, reloaded after a restore"),
		),
		units: units([]),
	}),
	yields: ({ dataDir, folders, reload, units }) => ({
		state: {
			acme: {
				folders: [dataDir, ...folders],
				...(reload.length === 0
					? {}
					: { hooks: { postRestore: ["systemctl", "try-reload-or-restart", ...reload] } }),
				// With their timers, which could order a certificate during the swap.
				stopOnRestore: units,
			},
		},
	}),
	found({ units, has }) {
		const orders = units
			.filter(
				(unit) =>
					/^acme-.+\.service$/.test(unit) && !/^acme-(selfsigned|fixperms|lockfiles|setup)\b/.test(unit),
			)
			.map((unit) => {
				const since = unit.replace(/^acme-/, "acme-order-renew-");
				return has(`/etc/systemd/system/${since}`) ? since : unit;
			});
		return orders.length === 0 ? {} : { units: orders };
	},
	signs: { folders: ["/var/lib/acme"] },
	proven: "stand-in",
});
