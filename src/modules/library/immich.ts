// Immich. Facts: immich-app/immich docs/docs/administration/{backup-and-restore,system-integrity}.md,
// server/src/services/storage.service.ts (the markers); NixOS/nixpkgs nixos/modules/services/web-apps/immich.nix, whose
// host is localhost: ::1 or 127.0.0.1.
import * as v from "valibot";
import { defineModule } from "../module.ts";
import { asks, database, databaseOf, folder, health, units } from "../options.ts";
import { fromEnvironment } from "../settings.ts";
import { within } from "../within.ts";

export const immich = defineModule({
	name: "immich",
	about:
		"Immich: originals, profiles and the database. Thumbnails and re-encoded videos are generated again by its jobs",
	sources: ["https://docs.immich.app/administration/backup-and-restore/"],
	uses: ["postgresql"],
	options: v.strictObject({
		mediaDir: folder("/var/lib/immich", "its UPLOAD_LOCATION"),
		database: database({ type: "postgresql", name: "immich" }, undefined, ["postgresql"]),
		units: units(["immich-server.service"]),
		derived: v.pipe(
			v.optional(v.boolean(), false),
			v.description("back up thumbnails and re-encoded videos too (default false)"),
		),
		backups: v.pipe(
			v.optional(v.boolean(), true),
			v.description(
				"whether its own database dumps are backed up; if not, a restore deletes those on the machine (default true)",
			),
		),
		health: health("http://localhost:2283/api/server/ping"),
	}),
	yields({ mediaDir, database, units, derived, backups, health }) {
		const { dumps, services } = databaseOf("immich", database);
		return {
			state: {
				immich: {
					folders: [mediaDir],
					// Immich does not start without the file `.immich` in each of these folders.
					exclude: [...(backups ? [] : ["backups"]), ...(derived ? [] : ["thumbs", "encoded-video"])].flatMap(
						(one) => within(mediaDir, `${one}/[!.]*`),
					),
					dumps,
					stopOnRestore: units,
					healthChecks: asks(health),
				},
			},
			services,
		};
	},
	settings: fromEnvironment(["immich-server.service"], {
		IMMICH_MEDIA_LOCATION: { option: "mediaDir", usual: "/var/lib/immich" },
	}),
	signs: { units: ["immich-server.service"] },
	proven: "stand-in",
});
