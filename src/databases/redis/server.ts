// How to ask a server of Redis or Valkey: by the programs of either.
import { execText } from "../../host/exec.ts";
import { programPath } from "../../host/programs.ts";
import { readSecret } from "../../host/secret.ts";
import { HoldfastError } from "../../values/error.ts";
import { type Client, fault, questionOptions } from "../client.ts";
import type { RedisDump } from "./schema.ts";

export type Product = "Redis" | "Valkey";

export interface Server {
	/** Words of a command that asks it. */
	readonly cli: readonly string[];
	/** The program that looks into a dump. */
	readonly checker: string;
	client(): Promise<Client>;
	/** The lines of its answer. Throws `Refused` where this user may not ask that. */
	ask(words: readonly string[], doing: string): Promise<string[]>;
	/** Undefined where the server tells nobody, or not us: a hosting provider may have renamed the command. */
	setting(name: string): Promise<string | undefined>;
	/** What INFO says of how it saves, by field. */
	persistence(): Promise<(field: string) => string | undefined>;
	isAppendOnly(): Promise<boolean>;
	/** Which of the two it is, and its major version. */
	product(): Promise<{ readonly product: Product; readonly version: number }>;
}

/** A server answers at once; one that a service has stopped never does. */
const ANSWER_SECONDS = 40;

export class Refused extends HoldfastError {}

export function serverOf({ port, socket, passwordFile }: RedisDump, signal?: AbortSignal): Server {
	// A machine that has only Valkey's has no redis-cli, unless its compatibility package is there as well.
	const name = !programPath("redis-cli") && programPath("valkey-cli") ? "valkey" : "redis";
	const cli = [
		`${name}-cli`,
		"--no-auth-warning",
		...(socket === undefined ? [] : ["-s", socket]),
		...(port === undefined ? [] : ["-p", String(port)]),
	];
	const client = async (): Promise<Client> => {
		const password = await readSecret({ passphraseFile: passwordFile });
		return {
			server: name === "valkey" ? "Valkey" : "Redis",
			programs: `${name}-tools`,
			look: `is the server up? See: systemctl status ${name}-server`,
			...{ user: undefined, signal },
			...(password === undefined ? {} : { env: { REDISCLI_AUTH: password } }),
		};
	};
	const ask: Server["ask"] = async (words, doing) => {
		const who = await client();
		// Without -e an error of the server's is an answer like any other.
		const result = await execText([...cli, "-e", ...words], await questionOptions(who, ANSWER_SECONDS));
		if (result.code === 0) return result.text.split(/\r?\n/);
		const told = {
			...result,
			stderr: [...result.stderr, result.text.trim()].filter((line) => line !== ""),
		};
		throw isRefused(told.stderr) ? refusal(who, doing, told.stderr) : fault(who, doing, told);
	};
	const setting: Server["setting"] = async (name) => {
		try {
			return (await ask(["CONFIG", "GET", name], "ask the server for its settings"))[1];
		} catch (error) {
			if (error instanceof Refused) return undefined;
			throw error;
		}
	};
	const persistence = async () => fields(await ask(["INFO", "persistence"], "ask the server how it saves"));
	return {
		...{ cli, checker: `${name}-check-rdb`, client, ask, setting, persistence },
		async isAppendOnly() {
			const said = await setting("appendonly");
			return said === undefined ? (await persistence())("aof_enabled") === "1" : said === "yes";
		},
		async product() {
			const said = fields(await ask(["INFO", "server"], "ask the server for its version"));
			// Valkey says both: the other is the Redis that it is compatible with.
			const own = said("valkey_version");
			return {
				product: own === undefined ? "Redis" : "Valkey",
				version: Number.parseInt(own ?? said("redis_version") ?? "0", 10),
			};
		},
	};
}

/** The lines of INFO, by their names. */
function fields(info: readonly string[]): (field: string) => string | undefined {
	return (field) =>
		info
			.find((line) => line.startsWith(`${field}:`))
			?.split(":")[1]
			?.trim();
}

/** An answer of the server's: this user may not, or there is no such command (rename-command). */
export function isRefused(lines: readonly string[]): boolean {
	return lines.some((line) => /-?(NOPERM|ERR unknown command)\b/.test(line));
}

function refusal({ server }: Client, doing: string, details: readonly string[]): Refused {
	return new Refused("database-failed", `could not ${doing}: the server refuses it`, {
		details,
		hint: `${server} needs for a backup, in its ACL: +ping +info +config|get, and +sync +psync +replconf or else +bgsave. Let the user have these (ACL SETUSER), or take back their rename-command`,
	});
}
