// Garage, the object store. In a cluster other nodes also have a node's data, but its metadata must not be lost.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { defineModule } from "../module.ts";
import { folder, units } from "../options.ts";
import { within } from "../within.ts";

/** The file or folder of the database, depending on `db_engine`. */
const DATABASES = ["db.lmdb", "db.sqlite", "db.fjall"];

/**
 * Replaces the database with the newest snapshot ("Recovering from failures", corrupted metadata, option 2). Since Garage 2
 * a snapshot is a folder that contains the database; before, it was the LMDB folder or the SQLite file itself.
 */
const PUT_SNAPSHOT = `
newest=$(find "$2" -mindepth 1 -maxdepth 1 -name '*-*T*' | sort | tail -n 1)
[ -n "$newest" ] || { echo "no snapshot of Garage's metadata in $2" >&2; exit 1; }
for name in ${DATABASES.join(" ")}; do
	[ -e "$newest/$name" ] || continue
	cp -a "$newest/$name" "$1/$name"
	exit
done
if [ -d "$newest" ]; then cp -a "$newest" "$1/db.lmdb"; else cp -a "$newest" "$1/db.sqlite"; fi`;

export const garage = defineModule({
	name: "garage",
	about:
		"Garage: a node's identity and metadata, from a snapshot that Garage creates; optionally the objects' data",
	sources: [
		"https://garagehq.deuxfleurs.fr/documentation/operations/recovering/",
		"https://garagehq.deuxfleurs.fr/documentation/reference-manual/configuration/#metadata_auto_snapshot_interval",
	],
	options: v.strictObject({
		metadataDir: folder("/var/lib/garage/meta", "its metadata_dir"),
		snapshotsDir: v.pipe(
			v.optional(f.folder),
			v.description("its metadata_snapshots_dir (default snapshots, in the metadata_dir)"),
		),
		dataDir: v.pipe(
			v.optional(f.folder),
			v.description("its data_dir, if no other node has its objects (default: not backed up)"),
		),
		units: units(["garage.service"]),
	}),
	yields({ metadataDir, snapshotsDir, dataDir, units }) {
		const usual = `${metadataDir}/snapshots`;
		const snapshots = snapshotsDir ?? usual;
		return {
			state: {
				garage: {
					folders: [
						metadataDir,
						...(snapshots.startsWith(`${metadataDir}/`) ? [] : [snapshots]),
						// Last: the metadata in the snapshot may refer to blocks that are deleted meanwhile.
						...(dataDir === undefined ? [] : [dataDir]),
					],
					hooks: {
						preBackup: ["garage", "meta", "snapshot"],
						postRestore: ["sh", "-euc", PUT_SNAPSHOT, "sh", metadataDir, snapshots],
					},
					// The live database changes while it is copied. The databases in the snapshots have the same names.
					exclude: DATABASES.flatMap((name) => within(metadataDir, name, `${name}-*`)),
					stopOnRestore: units,
					healthChecks: [{ command: ["garage", "status"] }],
				},
			},
		};
	},
	signs: { units: ["garage.service"] },
	proven: "stand-in",
});
