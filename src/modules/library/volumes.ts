// Named volumes of Docker and Podman. Only `_data` is theirs: on a bare machine Docker takes every folder that it finds for a
// volume when it starts (moby/moby volume/local/local.go), and Podman one that exists when the volume is created or first
// used (containers/podman libpod/runtime_volume_common.go).
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { record } from "../../values/record.ts";
import { defineModule } from "../module.ts";

export const volumes = defineModule({
	name: "volumes",
	about:
		"Named volumes of Docker or Podman; the unit that runs their containers is stopped while they are copied",
	sources: [
		"https://docs.docker.com/engine/storage/volumes/#back-up-restore-or-migrate-data-volumes",
		"https://docs.podman.io/en/latest/markdown/podman-volume.1.html",
	],
	options: record(
		f.name,
		v.strictObject({
			volumes: v.pipe(
				v.array(f.name),
				v.minLength(1),
				v.description(
					"the volumes, by name; on a new machine, restart Docker after a restore, or it does not know them",
				),
			),
			engine: v.pipe(
				v.optional(v.picklist(["docker", "podman"]), "docker"),
				v.description("the program whose volumes they are (default docker)"),
			),
			root: v.pipe(
				v.optional(f.folder),
				v.description(
					"the folder of volumes (default /var/lib/docker/volumes, or /var/lib/containers/storage/volumes)",
				),
			),
			folders: v.pipe(
				v.optional(v.array(f.folder), []),
				v.description("further folders, such as the compose file's"),
			),
			units: v.pipe(v.optional(v.array(f.unitName), []), v.description("the units that run the containers")),
			live: v.pipe(v.optional(v.boolean(), false), v.description("copy while they run (default false)")),
		}),
	),
	yields: (options) => ({
		state: Object.fromEntries(
			Object.entries(options).map(([name, { volumes, engine, root, folders, units, live }]) => {
				const below =
					root ?? (engine === "docker" ? "/var/lib/docker/volumes" : "/var/lib/containers/storage/volumes");
				return [
					name,
					{
						folders: [...volumes.map((volume) => `${below}/${volume}/_data`), ...folders],
						stopOnBackup: live ? [] : units,
						stopOnRestore: units,
					},
				];
			}),
		),
	}),
	proven: "stand-in",
});
