// Garage, the object store. In a cluster other nodes also have a node's data, but its metadata must not be lost. Facts:
// garagehq.deuxfleurs.fr documentation/operations/{recovering,durability-repairs}, reference-manual/configuration; NixOS/nixpkgs
// nixos/modules/services/web-servers/garage.nix; clan-core clanServices/garage/default.nix.
import { relative } from "node:path";
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { shellWord } from "../../values/shell.ts";
import { ifConfig } from "../found.ts";
import { defineModule } from "../module.ts";
import { folder, named, units } from "../options.ts";
import { within } from "../within.ts";

/** The file or folder of the database, depending on `db_engine`. */
const DATABASES = ["db.lmdb", "db.sqlite", "db.fjall"];

/**
 * Runs in the folder of the metadata, with the folder of the snapshots by its path and as seen from there: the owner
 * cannot reach it by its path if that leads through /var/lib/private, nor from there if the metadata are behind a link.
 * Replaces the database with the newest snapshot ("Recovering from failures", corrupted metadata, option 2). Since Garage 2
 * a snapshot is a folder that contains the database; before, it was the LMDB folder or the SQLite file itself.
 */
const PUT_SNAPSHOT = `
from=$1
[ -d "$from" ] || from=$2
newest=$(find "$from" -mindepth 1 -maxdepth 1 -name '*-*T*' | sort | tail -n 1)
[ -n "$newest" ] || { echo "no snapshot of Garage's metadata in $from" >&2; exit 1; }
for name in ${DATABASES.join(" ")}; do
	[ -e "$newest/$name" ] || continue
	cp -aT "$newest/$name" "$name"
	exit
done
if [ -d "$newest" ]; then cp -aT "$newest" db.lmdb; else cp -aT "$newest" db.sqlite; fi`;

/**
 * Its program needs the RPC secret. Clan gives that to the unit alone, as a credential, which only root can read while the
 * unit runs.
 */
const asService = (unit: string, given: string | undefined, command: string) => `
secret=${shellWord(given ?? `/run/credentials/${unit}/rpc_secret_path`)}
${given === undefined ? '[ ! -e "$secret" ] || ' : ""}export GARAGE_RPC_SECRET_FILE="$secret"
${command}`;

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
		configFile: v.pipe(
			v.optional(v.union([v.literal(false), f.path])),
			v.description(
				"its configuration with the rpc_secret, or false for none (default false; init names /etc/garage.toml)",
			),
		),
		rpcSecretFile: v.pipe(
			v.optional(f.path),
			v.description(
				"the file with its rpc_secret, if neither its configuration nor a credential of its unit has it",
			),
		),
		units: units(["garage.service"]),
	}),
	yields({ metadataDir, snapshotsDir, dataDir, configFile, rpcSecretFile, units }) {
		const usual = `${metadataDir}/snapshots`;
		const snapshots = snapshotsDir ?? usual;
		const run = (command: string) => asService(units[0] ?? "garage.service", rpcSecretFile, command);
		return {
			state: {
				garage: {
					folders: [
						metadataDir,
						...(snapshots.startsWith(`${metadataDir}/`) ? [] : [snapshots]),
						...named(configFile),
						...(rpcSecretFile === undefined ? [] : [rpcSecretFile]),
						// Last: the metadata in the snapshot may refer to blocks that are deleted meanwhile.
						...(dataDir === undefined ? [] : [dataDir]),
					],
					hooks: {
						preBackup: run("garage meta snapshot"),
						postRestore: {
							command: ["sh", "-euc", PUT_SNAPSHOT, "sh", snapshots, relative(metadataDir, snapshots)],
							asOwnerOf: metadataDir,
						},
					},
					// The live database changes while it is copied. The databases in the snapshots have the same names.
					exclude: DATABASES.flatMap((name) => within(metadataDir, name, `${name}-*`)),
					stopOnRestore: units,
					// Once it is up again, it compares its tables with those of the other nodes, as its documentation asks.
					healthChecks: [{ script: run("garage status\ngarage repair --yes tables") }],
				},
			},
		};
	},
	found: (sight) => ifConfig("/etc/garage.toml", sight, "configFile"),
	signs: { units: ["garage.service"] },
	proven: "stand-in",
});
