// A destination whose `server` names a machine with a `borgServer` needs nothing else: the address, passphrase and key are
// derived from the two machines.
import { engineNamed } from "../engines/list.ts";
import type { Fault } from "../manifest/faults.ts";
import { SERVER_FOLDER, SERVER_USER } from "../manifest/machine.ts";
import { nearest } from "../values/nearest.ts";
import { mapValues } from "../values/origin.ts";
import { isRecord } from "../values/record.ts";
import { MOST_FAULTS } from "./limits.ts";
import type { Around, Pass, Written } from "./pass.ts";

const SECRETS = "/etc/holdfast/secrets";

export const withServers: Pass = async (machine, around) => {
	if (!isRecord(machine.providers)) return { machine };
	const reached = new Map<string, unknown>();
	const faults: Fault[] = [];
	for (const { path, engine, destination, server } of destinationsOfServers(machine.providers)) {
		const there = around.names.includes(server) ? await around.declared(server) : undefined;
		if (!isRecord(there?.borgServer)) faults.push(noServer(server, path, around, faults.length));
		const [, provider = "", , name = ""] = path;
		// Spread last: written values take precedence and keep their origins.
		reached.set(keyOf(provider, name), {
			...engine.reach(whereabouts(around.name, `${provider}-${name}`, server, there)),
			...destination,
		});
	}
	if (reached.size === 0) return { machine };
	const providers = mapValues(machine.providers, (provider, key) => {
		if (!isRecord(provider) || !isRecord(provider.destinations)) return provider;
		const destinations = mapValues(
			provider.destinations,
			(one, name) => reached.get(keyOf(key, name)) ?? one,
		);
		return { ...provider, destinations };
	});
	return { machine: { ...machine, providers }, faults };
};

const keyOf = (provider: string, destination: string) => JSON.stringify([provider, destination]);

function destinationsOfServers(providers: Written) {
	return Object.entries(providers).flatMap(([provider, options]) => {
		if (!isRecord(options) || !isRecord(options.destinations)) return [];
		const engine = engineNamed(options.type)?.server;
		if (engine === undefined) return [];
		return Object.entries(options.destinations).flatMap(([name, destination]) =>
			isRecord(destination) && typeof destination.server === "string"
				? [
						{
							path: ["providers", provider, "destinations", name, "server"],
							engine,
							destination,
							server: destination.server,
						},
					]
				: [],
		);
	});
}

function noServer(server: string, path: readonly string[], { names }: Around, sofar: number): Fault {
	// Finding the probable name is slow, and nobody reads that many faults.
	const meant = names.includes(server) || sofar >= MOST_FAULTS ? undefined : nearest(server, names);
	return {
		path,
		message: `machine "${server}" is not a borgServer`,
		hint: meant ? `did you mean "${meant}"?` : "add to that machine: borgServer: {}",
	};
}

function whereabouts(machine: string, secret: string, server: string, there: unknown) {
	const { address, user, directory } = (at(there, "borgServer") ?? {}) as Record<string, string | undefined>;
	return {
		user: user ?? SERVER_USER,
		host: address ?? hostOf(at(there, "host")) ?? server,
		folder: `${directory ?? SERVER_FOLDER}/${machine}`,
		secret: `${SECRETS}/${secret}`,
	};
}

/** `web01` for `root@web01`; for `ssh://root@web01:2222` the port is kept. */
function hostOf(host: unknown): string | undefined {
	return typeof host === "string" ? host.replace(/^ssh:\/\//, "").replace(/^[^@]*@/, "") : undefined;
}

function at(value: unknown, ...path: readonly string[]): unknown {
	return path.reduce<unknown>((here, key) => (isRecord(here) ? here[key] : undefined), value);
}
