// A machine that hosts others' repositories: an account whose keys can do nothing but serve one repository each.
import { destinationsIn, engineOf } from "../engines/list.ts";
import { SERVER_FOLDER, SERVER_USER } from "../manifest/machine.ts";
import type { Manifest } from "../manifest/schema.ts";
import { type Layout, layoutOf } from "./layout.ts";
import { makeSecret, publicKeyOf, type SecretStore, wantedSecrets } from "./secrets.ts";

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

/** borg-serve(1): `--restrict-to-repository` limits the key to one repository; `--append-only` prevents deletion. */
export async function accountOf(
	server: Manifest,
	clients: readonly Client[],
	store: SecretStore,
): Promise<ServerAccount> {
	const { user = SERVER_USER, directory = SERVER_FOLDER, appendOnly = true } = server.borgServer ?? {};
	// Keys of machines that were not deployed to yet are created now and used then.
	const made = new Map<string, string>();
	const keyOf = async (secret: string) => {
		const key = made.get(secret) ?? (await store.get(secret)) ?? makeSecret("ssh-key", secret);
		if ((await store.get(secret)) === undefined) made.set(secret, key);
		return key;
	};
	const lines = await Promise.all(
		clients.map(async (client) => {
			const key = await keyOf(client.secret);
			const serve = `borg serve --restrict-to-repository ${directory}/${client.machine}${appendOnly ? " --append-only" : ""}`;
			return `command="${serve}",restrict ${publicKeyOf(key)}\n`;
		}),
	);
	return {
		user,
		directory,
		keys: {
			path: `${directory}/.ssh/authorized_keys`,
			text: `# Written by \`holdfast deploy\`.\n${lines.join("")}`,
		},
		keep: async () => {
			for (const [name, key] of made) await store.set(name, key);
		},
	};
}
