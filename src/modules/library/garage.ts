// Garage, the object store. Its data are kept by its other nodes; what a node must not lose is its metadata.
import * as v from "valibot";
import { defineModule } from "../module.ts";
import { folder, units } from "../options.ts";

export const garage = defineModule({
	name: "garage",
	about: "Garage: a node's identity and metadata, by a snapshot that it makes itself; not the objects' data",
	sources: ["https://garagehq.deuxfleurs.fr/documentation/operations/durability-repairs/"],
	options: v.strictObject({
		metadataDir: folder("/var/lib/garage/meta", "its metadata_dir"),
		units: units(["garage.service"]),
	}),
	yields: ({ metadataDir, units }) => ({
		state: {
			garage: {
				folders: [metadataDir],
				hooks: { preBackup: ["garage", "meta", "snapshot"] },
				// The live database changes while it is copied; the newest of snapshots/ is what counts.
				exclude: ["db.lmdb", "db.sqlite", "db.sqlite-wal", "db.sqlite-shm"],
				stopOnRestore: units,
				checks: [{ command: ["garage", "status"] }],
			},
		},
	}),
	signs: { units: ["garage.service"] },
	proven: "stand-in",
});
