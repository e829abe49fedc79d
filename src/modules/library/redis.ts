// Redis and Valkey. Facts: Debian's redis 7.0.15 and valkey 8.1 (/etc/redis/redis.conf has the password, mode 0640);
// NixOS/nixpkgs nixos/modules/services/databases/redis.nix: services.redis.servers."" is redis.service in /var/lib/redis, any
// other NAME is redis-NAME.service, which listens on a socket only. NixOS runs Valkey in the same way.
import * as v from "valibot";
import { connection } from "../../databases/redis/schema.ts";
import * as f from "../../values/fields.ts";
import { record } from "../../values/record.ts";
import { ifConfig } from "../found.ts";
import { defineModule } from "../module.ts";
import { named, optionalConfig } from "../options.ts";
import { within } from "../within.ts";

/** A server of NixOS may also be named as its unit is, so that its state is not called like the application that uses it. */
const serverOf = (instance: string) => (instance.startsWith("redis-") ? instance : `redis-${instance}`);

/** Names of states have no dots. */
function asInstance(server: string): [string, object] {
	const state = server.replaceAll(/[^a-zA-Z0-9_-]/g, "-");
	if (state === server) return [state, {}];
	return [
		state,
		{ unit: `${server}.service`, folder: `/var/lib/${server}`, socket: `/run/${server}/redis.sock` },
	];
}

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
				v.description(
					`servers, by the name of their state (default: one, named ${name}); on NixOS ${name} is the server "", and others are below services.redis.servers`,
				),
			),
			configDir: optionalConfig(`/etc/${name}`),
		}),
		yields: ({ instances, configDir }, { nixos }) => ({
			state: Object.fromEntries(
				Object.entries(instances).map(([instance, { unit, folder, file, ...connection }], index) => {
					const isNamed = nixos && instance !== name;
					const server = nixos ? (isNamed ? serverOf(instance) : "redis") : name;
					const dir = folder ?? `/var/lib/${server}`;
					const socket =
						isNamed && connection.port === undefined ? { socket: `/run/${server}/redis.sock` } : {};
					return [
						instance,
						{
							// A folder belongs to one state: the first.
							folders: [dir, ...(index === 0 ? named(configDir) : [])],
							exclude: within(dir, "temp-*.rdb", "temp-*.aof", "appendonlydir/temp-*.aof"),
							dumps: [{ redis: `${dir}/${file}`, ...socket, ...connection }],
							stopOnRestore: [unit ?? (nixos ? `${server}.service` : usual)],
						},
					];
				}),
			),
		}),
		found(sight) {
			const { units, nixos } = sight;
			if (!nixos) return ifConfig(`/etc/${name}`, sight);
			const others = units.flatMap((unit) => /^(redis-.+)\.service$/.exec(unit)?.[1] ?? []);
			const own = units.includes("redis.service") ? [[name, {}]] : [];
			return others.length === 0
				? {}
				: { instances: Object.fromEntries([...own, ...others.map(asInstance)]) };
		},
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
