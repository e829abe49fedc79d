// Memos (internal/profile/profile.go names the database). Attachments are in the database, in `assets`, or in S3.
// Thumbnails are made again (server/router/fileserver). Upstream installs no unit.
import * as v from "valibot";
import { databaseFor, databaseIn } from "../database-in.ts";
import { defineModule } from "../module.ts";
import { nixosModule } from "../nixos-module.ts";
import { asks, folder, health, moreFolders, units } from "../options.ts";
import { fromEnvironment } from "../settings.ts";
import { within } from "../within.ts";

export const memos = defineModule({
	name: "memos",
	about: "Memos: notes, users, and the files attached to them",
	sources: [
		"https://github.com/usememos/memos/blob/main/internal/profile/profile.go",
		"https://github.com/usememos/memos/blob/main/server/router/fileserver/README.md",
		nixosModule("misc/memos.nix"),
	],
	uses: ["postgresql", "mariadb"],
	options: v.strictObject({
		dataDir: folder("/var/lib/memos", "its MEMOS_DATA"),
		folders: moreFolders,
		database: databaseIn(["sqlite", "postgresql", "mariadb"], { name: "memos", file: "memos_prod.db" }),
		units: units(["memos.service"]),
		health: health("http://localhost:8081/healthz"),
	}),
	yields({ dataDir, folders, database, units, health }) {
		const { dumps, services } = databaseFor("memos", database, `${dataDir}/memos_prod.db`);
		return {
			state: {
				memos: {
					folders: [dataDir, ...folders],
					exclude: within(dataDir, ".thumbnail_cache"),
					dumps,
					stopOnRestore: units,
					healthChecks: asks(health),
				},
			},
			services,
		};
	},
	settings: fromEnvironment(["memos.service"], {
		MEMOS_DATA: { option: "dataDir", usual: "/var/lib/memos" },
	}),
	signs: { units: ["memos.service"] },
	proven: "stand-in",
});
