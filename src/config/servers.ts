// A destination whose `server` names a machine with a `borgServer` needs nothing else: the address, passphrase and key are
// derived from the two machines.
import { engineNamed } from "../engines/list.ts";
import type { Fault } from "../manifest/faults.ts";
import { SERVER_FOLDER, SERVER_USER } from "../manifest/machine.ts";
import { nearest } from "../values/nearest.ts";
import { mapValues } from "../values/origin.ts";
import { isRecord } from "../values/record.ts";
import { MAX_FAULTS } from "./limits.ts";
import type { Around, Pass, Written } from "./pass.ts";

const SECRETS = "/etc/holdfast/secrets";

export const withServers: Pass = async (machine, around) => {
	if (!isRecord(machine.providers)) return { machine };
	const reached = new Map<string, unknown>();
	const faults: Fault[] = [];
	const repositories = new Map<unknown, string>();
	for (const { path, engine, address, destination, server } of destinationsOfServers(machine.providers)) {
		const there = around.names.includes(server) ? await around.declared(server) : undefined;
		if (!isRecord(there?.borgServer)) faults.push(noServer(server, path, around, faults.length));
		const [, provider = "", , name = ""] = path;
		// Spread last: written values take precedence and keep their origins.
		const complete: Written = {
			...engine.reach(whereabouts(around.name, `${provider}-${name}`, server, there)),
			...destination,
		};
		reached.set(keyOf(provider, name), complete);
		const repository = complete[address];
		const other = repositories.get(repository);
		if (other !== undefined) faults.push(sharedRepository(other, `${provider}/${name}`, server, path));
		repositories.set(repository, other ?? `${provider}/${name}`);
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
		const { server: engine, address } = engineNamed(options.type) ?? {};
		if (engine === undefined || address === undefined) return [];
		return Object.entries(options.destinations).flatMap(([name, destination]) =>
			isRecord(destination) && typeof destination.server === "string"
				? [
						{
							path: ["providers", provider, "destinations", name, "server"],
							engine,
							address,
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
	const meant = names.includes(server) || sofar >= MAX_FAULTS ? undefined : nearest(server, names);
	return {
		path,
		message: `machine "${server}" is not a borgServer`,
		hint: meant ? `did you mean "${meant}"?` : "add to that machine: borgServer: {}",
	};
}

/** A server stores one repository for each machine; a second destination could not open it with its own passphrase. */
const sharedRepository = (one: string, other: string, server: string, path: readonly string[]): Fault => ({
	path,
	message: `${one} and ${other} would share the repository of this machine on "${server}"`,
	hint: "a borgServer stores one repository per machine: remove one of the destinations, or use another server",
});

function whereabouts(machine: string, secret: string, server: string, there: unknown) {
	const { address, user, directory } = (at(there, "borgServer") ?? {}) as Record<string, string | undefined>;
	return {
		user: user ?? SERVER_USER,
		host: inAddress(address ?? hostOf(at(there, "host")) ?? server),
		folder: `${directory ?? SERVER_FOLDER}/${machine}`,
		secret: `${SECRETS}/${secret}`,
	};
}

/** `web01` for `root@web01`; for `ssh://root@web01:2222` the port is kept. */
function hostOf(host: unknown): string | undefined {
	return typeof host === "string" ? host.replace(/^ssh:\/\//, "").replace(/^[^@]*@/, "") : undefined;
}

/** In an address with a path, an IPv6 address is in brackets (RFC 3986): its colons do not separate a port. */
const inAddress = (host: string) =>
	/^[0-9a-f.]*:[0-9a-f.]*:[0-9a-f:.]*(%\w+)?$/i.test(host) ? `[${host}]` : host;

function at(value: unknown, ...path: readonly string[]): unknown {
	return path.reduce<unknown>((here, key) => (isRecord(here) ? here[key] : undefined), value);
}
