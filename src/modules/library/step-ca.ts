// step-ca. Its database is Badger, which cannot be copied while it is written, so the authority is stopped for a backup.
// Upstream has everything in /etc/step-ca, with the password (systemd/step-ca.service). On NixOS ca.json is generated, a
// DynamicUser= has the database, and the keys and the password are where the configuration says: they must be named.
// No health check: it is https with a certificate of its own.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { folderHere, orUsual, units } from "../options.ts";

const DATA = { debian: "/etc/step-ca", nixos: "/var/lib/step-ca" };

export const stepCa = defineModule({
	name: "step-ca",
	about:
		"step-ca: the keys of the authority, and what it has issued and revoked. It is stopped while they are copied",
	sources: [
		"https://smallstep.com/docs/step-ca/certificate-authority-server-production/",
		"https://smallstep.com/docs/step-ca/configuration/#databases",
		nixosModule("security/step-ca.nix"),
	],
	options: v.strictObject({
		dataDir: folderHere(DATA, "its STEPPATH, with its database"),
		keys: v.pipe(
			v.optional(v.array(f.folder), []),
			v.description(
				"files and folders outside it with keys, certificates and the password (on NixOS intermediatePasswordFile, and what settings name)",
			),
		),
		units: units(["step-ca.service"]),
	}),
	yields: ({ dataDir, keys, units }, { nixos }) => ({
		state: {
			"step-ca": {
				folders: [orUsual(dataDir, DATA, nixos), ...keys],
				stopOnBackup: units,
				stopOnRestore: units,
			},
		},
	}),
	signs: { units: ["step-ca.service"] },
	proven: "stand-in",
});
