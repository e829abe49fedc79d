// A machine that hosts others' repositories: an account whose keys can do nothing but serve one repository each.
import { destinationsIn, engineOf } from "../engines/list.ts";
import { SERVER_FOLDER, SERVER_USER } from "../manifest/machine.ts";
import type { Manifest } from "../manifest/schema.ts";
import { HoldfastError } from "../values/error.ts";
import { type Layout, layoutOf } from "./layout.ts";
import type { SecretStore } from "./secret-store.ts";
import { makeSecret, publicKeyOf, wantedSecrets } from "./secrets.ts";

export interface Client {
	readonly machine: string;
	/** Its name in the store. */
	readonly secret: string;
}

export interface ServerAccount {
	readonly user: string;
	readonly directory: string;
	/** The complete `~/.ssh/authorized_keys`. */
	readonly keys: { readonly path: string; readonly text: string };
	/** Machines that are not in the config, whose keys stay accepted. */
	readonly others: readonly string[];
	/** Machines of the config that have no destination here any more: their keys are removed. */
	readonly gone: readonly string[];
	/** Put newly created keys into the store; nothing is stored before the user has confirmed. */
	keep(): Promise<void>;
}

/** Machines of the config that keep their archives on this one, each with the key that it logs in with. */
export function clientsOf(
	server: Manifest,
	machines: readonly Manifest[],
	layout: Layout = layoutOf(),
): Client[] {
	return machines.flatMap((client) => {
		const names = Object.entries(client.providers).flatMap(([provider, options]) =>
			Object.entries(destinationsIn(options))
				.filter(([, destination]) => engineOf(options).server?.of(destination) === server.machine)
				.map(([name]) => `${provider}/${name}`),
		);
		return wantedSecrets(client, layout)
			.filter(({ kind, of }) => kind === "ssh-key" && of.some((one) => names.includes(one)))
			.map(({ name }) => ({ machine: client.machine, secret: name }));
	});
}

/** A line of ours: `$1` is the machine, `$2` its key with type and comment. */
const lineIn = (directory: string) =>
	new RegExp(
		`^command="borg serve --restrict-to-repository ${RegExp.escape(directory)}/([\\w.-]+)(?: --append-only)?",restrict (\\S+ [\\w+/=]+(?: .*)?)$`,
		"gm",
	);
const isSameKey = (one: string, other: string) => one.split(" ")[1] === other.split(" ")[1];

/**
 * Refuses to replace a key: its machine would be locked out. One of a machine that is not in the config stays, since that may
 * be another operator's, or be deployed under an old name. `known`: the names of all machines of the config. `textOf` reads a
 * file of the server.
 * borg-serve(1): `--restrict-to-repository` limits the key to one repository; `--append-only` prevents deletion.
 */
export async function accountOf(
	server: Manifest,
	clients: readonly Client[],
	known: readonly string[],
	store: SecretStore,
	textOf: (path: string) => Promise<string | undefined>,
): Promise<ServerAccount> {
	const { user = SERVER_USER, directory = SERVER_FOLDER, appendOnly = true } = server.borgServer ?? {};
	const path = `${directory}/.ssh/authorized_keys`;
	const accepted = new Map(
		[...((await textOf(path)) ?? "").matchAll(lineIn(directory))].map(([, machine = "", key = ""]) => [
			machine,
			key,
		]),
	);
	const lineOf = (machine: string, key: string) =>
		`command="borg serve --restrict-to-repository ${directory}/${machine}${appendOnly ? " --append-only" : ""}",restrict ${key}\n`;
	// Keys of machines that were not deployed to yet are created now and used then.
	const made = new Map<string, string>();
	const lines: string[] = [];
	for (const { machine, secret } of clients) {
		const where = { machine, server: server.machine, path };
		const isAccepted = accepted.get(machine);
		let key = made.get(secret) ?? (await store.get(secret));
		if (key === undefined) {
			if (isAccepted !== undefined)
				throw lostKey(
					`the key ${secret} is not in ${store.place}, but ${server.machine} accepts a key of ${machine}`,
					where,
					store,
				);
			await store.requireReady();
			key = makeSecret("ssh-key", secret);
			made.set(secret, key);
		}
		const own = publicKeyOf(key);
		if (isAccepted !== undefined && !isSameKey(isAccepted, own))
			throw lostKey(
				`${server.machine} accepts another key of ${machine} than the key ${secret} in ${store.place}`,
				where,
				store,
			);
		lines.push(lineOf(machine, own));
	}
	const unserved = [...accepted].filter(([machine]) => !clients.some((client) => client.machine === machine));
	const gone = unserved.filter(([machine]) => known.includes(machine));
	const others = unserved.filter(([machine]) => !known.includes(machine));
	return {
		user,
		directory,
		keys: {
			path,
			text: `# Written by \`holdfast deploy\`.\n${[...lines, ...others.map(([machine, key]) => lineOf(machine, key))].join("")}`,
		},
		others: others.map(([machine]) => machine),
		gone: gone.map(([machine]) => machine),
		keep: async () => {
			for (const [name, key] of made) await store.set(name, key);
		},
	};
}

function lostKey(
	what: string,
	{ machine, server, path }: Readonly<Record<"machine" | "server" | "path", string>>,
	{ place }: SecretStore,
): HoldfastError {
	return new HoldfastError("secret-mismatch", `${what}: nothing was changed`, {
		subject: path,
		details: [`if it were replaced, ${machine} could no longer reach its archives`],
		hint: `restore ${place} from your copy; if the machine was renamed, rename its folder there; or store the key of ${machine} there yourself. To replace it, delete it on ${machine} and its line in ${path} on ${server}, and deploy both again`,
	});
}
