// A bridge in a separate network namespace, and one namespace for each machine: the host's network is not touched.
import { command } from "./command.ts";

const PREFIX = "holdfast-test-";

export interface Link {
	readonly namespace: string;
	readonly address: string;
	set(state: "up" | "down"): Promise<void>;
}

export class Network {
	readonly #switch = `${PREFIX}${process.pid}`;
	#next = 11;
	readonly #members: { readonly name: string; readonly address: string; readonly namespace: string }[] = [];

	static async make(): Promise<Network> {
		await removeStale();
		const network = new Network();
		await command("ip", "netns", "add", network.#switch);
		await network.#inSwitch("ip", "link", "add", "bridge", "type", "bridge");
		await network.#inSwitch("ip", "link", "set", "bridge", "up");
		return network;
	}

	/** A new namespace, connected to the bridge. */
	async join(name: string): Promise<Link> {
		const number = this.#next++;
		const address = `10.77.0.${number}`;
		const namespace = `${this.#switch}-${name}`;
		const port = `port${number}`;
		await command("ip", "netns", "add", namespace);
		await command(
			"ip",
			"-n",
			this.#switch,
			"link",
			"add",
			port,
			"type",
			"veth",
			"peer",
			"host0",
			"netns",
			namespace,
		);
		await this.#inSwitch("ip", "link", "set", port, "master", "bridge", "up");
		await command("ip", "-n", namespace, "address", "add", `${address}/24`, "dev", "host0");
		for (const device of ["lo", "host0"]) await command("ip", "-n", namespace, "link", "set", device, "up");
		this.#members.push({ name, address, namespace });
		return {
			namespace,
			address,
			set: async (state) => {
				await this.#inSwitch("ip", "link", "set", port, state);
				// Otherwise, cached knowledge that the others are unreachable would persist after the cut.
				for (const member of this.#members)
					await command("ip", "-n", member.namespace, "neighbour", "flush", "dev", "host0");
			},
		};
	}

	/** Lines for /etc/hosts. */
	hosts(): string {
		return this.#members.map(({ name, address }) => `${address} ${name}\n`).join("");
	}

	async close(): Promise<void> {
		for (const { namespace } of this.#members) await command("ip", "netns", "delete", namespace);
		await command("ip", "netns", "delete", this.#switch);
	}

	async #inSwitch(...words: string[]): Promise<void> {
		await command("ip", "netns", "exec", this.#switch, ...words);
	}
}

/** Namespaces of test runs that died. */
async function removeStale(): Promise<void> {
	const listed = await command("ip", "netns", "list");
	for (const line of listed.split("\n")) {
		const name = line.split(" ", 1)[0] ?? "";
		const pid = /^holdfast-test-(\d+)/.exec(name)?.[1];
		// Another test run may be cleaning up at the same time.
		if (pid !== undefined && !isAlive(Number(pid)))
			await command("ip", "netns", "delete", name).catch(() => {});
	}
}

export function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}
