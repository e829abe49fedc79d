// A destination that names a machine with a `borgServer`, by `server`, needs nothing else: address, passphrase and key
// follow from the two machines. Done to what is written, after tags and before a schema looks.
import { SERVER_FOLDER, SERVER_USER } from "../manifest/machine.ts";
import { nearest } from "../values/nearest.ts";
import { isRecord } from "../values/record.ts";
import type { Fault } from "./faults.ts";
import { MOST_FAULTS } from "./limits.ts";

const SECRETS = "/etc/holdfast/secrets";

export interface WithServers {
	readonly value: unknown;
	readonly faults: readonly Fault[];
}

export function withServers(config: unknown): WithServers {
	const faults: Fault[] = [];
	if (!isRecord(config) || !isRecord(config.machines)) return { value: config, faults };
	const machines = config.machines;
	const servers = new Set(Object.keys(machines).filter((name) => isRecord(at(machines, name, "borgServer"))));
	const expand = (machine: string, provider: string, name: string, destination: unknown) => {
		if (!isRecord(destination) || typeof destination.server !== "string") return destination;
		const { server, ...rest } = destination;
		if (!servers.has(String(server))) {
			const meant = faults.length < MOST_FAULTS ? nearest(String(server), [...servers]) : undefined;
			faults.push({
				path: ["machines", machine, "providers", provider, "destinations", name, "server"],
				message: `machine "${server}" is not a borgServer`,
				hint: meant ? `did you mean "${meant}"?` : "add to that machine: borgServer: {}",
			});
		}
		return {
			...reach(machine, provider, name, String(server), at(machines, String(server))),
			server,
			...rest,
		};
	};
	return {
		faults,
		value: {
			...config,
			machines: mapOf(machines, (machine, name) =>
				isRecord(machine) && isRecord(machine.providers)
					? {
							...machine,
							providers: mapOf(machine.providers, (options, provider) =>
								isRecord(options) && options.type === "borgbackup" && isRecord(options.destinations)
									? {
											...options,
											destinations: mapOf(options.destinations, (destination, key) =>
												expand(name, provider, key, destination),
											),
										}
									: options,
							),
						}
					: machine,
			),
		},
	};
}

function reach(machine: string, provider: string, name: string, server: string, there: unknown) {
	const { address, user, directory } = (at(there, "borgServer") ?? {}) as Record<string, string | undefined>;
	const host = address ?? hostOf(at(there, "host")) ?? server;
	const secret = `${provider}-${name}`;
	return {
		repo: `ssh://${user ?? SERVER_USER}@${host}${directory ?? SERVER_FOLDER}/${machine}`,
		passphraseFile: `${SECRETS}/${secret}.passphrase`,
		// The server's key is taken on trust the first time, as in Clan; name `rsh` for another way.
		rsh: `ssh -i ${SECRETS}/${secret}.key -o BatchMode=yes -o StrictHostKeyChecking=accept-new`,
	};
}

/** `web01` of `root@web01` and `ssh://root@web01:2222`; the port is sshd's, and stays. */
function hostOf(host: unknown): string | undefined {
	return typeof host === "string" ? host.replace(/^ssh:\/\//, "").replace(/^[^@]*@/, "") : undefined;
}

function at(value: unknown, ...path: readonly string[]): unknown {
	return path.reduce<unknown>((here, key) => (isRecord(here) ? here[key] : undefined), value);
}

function mapOf(map: Record<string, unknown>, change: (value: unknown, key: string) => unknown) {
	return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value, key)]));
}
