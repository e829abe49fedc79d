// Redis and Valkey.
import * as v from "valibot";
import { connection } from "../../databases/redis/schema.ts";
import * as f from "../../values/fields.ts";
import { record } from "../../values/record.ts";
import { defineModule } from "../module.ts";
import { within } from "../within.ts";

function keyValueServer<const N extends "redis" | "valkey">(
	name: N,
	product: string,
	sources: readonly string[],
	units: readonly string[],
) {
	const [usual = ""] = units;
	return defineModule({
		name,
		about: `${product}: the complete dataset, streamed from the server; a restore also writes its append-only file`,
		sources,
		options: v.strictObject({
			instances: v.pipe(
				v.optional(
					record(
						f.name,
						v.strictObject({
							unit: v.pipe(v.optional(f.unitName), v.description("its unit")),
							folder: v.pipe(v.optional(f.folder), v.description("its `dir`")),
							file: v.pipe(
								v.optional(f.text, "dump.rdb"),
								v.description("its `dbfilename` (default dump.rdb)"),
							),
							...connection,
						}),
					),
					{ [name]: {} },
				),
				v.description(`servers, by the name of their state (default: one, named ${name})`),
			),
		}),
		yields: ({ instances }, { nixos }) => ({
			state: Object.fromEntries(
				Object.entries(instances).map(([instance, { unit, folder, file, ...connection }]) => {
					// NixOS runs services.redis.servers.NAME as redis-NAME in /var/lib/redis-NAME, whether it is Redis or Valkey.
					const dir = folder ?? (nixos ? `/var/lib/redis-${instance}` : `/var/lib/${name}`);
					return [
						instance,
						{
							folders: [dir],
							exclude: within(dir, "temp-*.rdb", "temp-*.aof", "appendonlydir/temp-*.aof"),
							dumps: [{ redis: `${dir}/${file}`, ...connection }],
							stopOnRestore: [unit ?? (nixos ? `redis-${instance}.service` : usual)],
						},
					];
				}),
			),
		}),
		signs: { units },
		proven: "application",
	});
}

export const redis = keyValueServer(
	"redis",
	"Redis",
	["https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/"],
	["redis-server.service", "redis.service"],
);
export const valkey = keyValueServer(
	"valkey",
	"Valkey",
	["https://valkey.io/topics/persistence/"],
	["valkey-server.service", "valkey.service"],
);
