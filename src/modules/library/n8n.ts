// n8n. Without the encryption key in `config` the credentials in the database are lost
// (packages/core/src/instance-settings/instance-settings.ts). On NixOS a DynamicUser=. Upstream installs no unit: there the
// folder is ~/.n8n of the account that runs it. If N8N_ENCRYPTION_KEY is set elsewhere, that file belongs in `folders`.
import * as v from "valibot";
import { databaseFor, databaseIn } from "../database-in.ts";
import { serverUnless } from "../found.ts";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { asks, folder, health, moreFolders, units } from "../options.ts";
import { fromEnvironment } from "../settings.ts";

export const n8n = defineModule({
	name: "n8n",
	about: "n8n: workflows, their history, credentials and the key that decrypts them",
	sources: [
		"https://docs.n8n.io/hosting/configuration/configuration-examples/user-folder/",
		"https://docs.n8n.io/hosting/configuration/configuration-examples/encryption-key/",
		"https://github.com/n8n-io/n8n/blob/master/packages/cli/src/abstract-server.ts",
		nixosModule("misc/n8n.nix"),
	],
	uses: ["postgresql"],
	options: v.strictObject({
		dataDir: folder("/var/lib/n8n/.n8n", "the folder `.n8n` in its N8N_USER_FOLDER"),
		folders: moreFolders,
		database: databaseIn(["sqlite", "postgresql"], { name: "n8n", file: "database.sqlite" }),
		units: units(["n8n.service"]),
		health: health("http://localhost:5678/healthz"),
	}),
	yields({ dataDir, folders, database, units, health }) {
		const { dumps, services } = databaseFor("n8n", database, `${dataDir}/database.sqlite`);
		return {
			state: {
				n8n: { folders: [dataDir, ...folders], dumps, stopOnRestore: units, healthChecks: asks(health) },
			},
			services,
		};
	},
	found: (sight) => serverUnless("/var/lib/n8n/.n8n", "database.sqlite", "postgresql", sight),
	settings: fromEnvironment(["n8n.service"], {
		N8N_USER_FOLDER: { option: "dataDir", usual: "/var/lib/n8n/.n8n", below: "/.n8n" },
	}),
	signs: { units: ["n8n.service"] },
	proven: "stand-in",
});
