// Query a Redis or Valkey server, with the programs of either.
import { execText } from "../../host/exec.ts";
import { programPath } from "../../host/programs.ts";
import { readSecret } from "../../host/secret.ts";
import { HoldfastError } from "../../values/error.ts";
import { type Client, fault, questionOptions } from "../client.ts";
import type { RedisDump } from "./schema.ts";

export type Product = "Redis" | "Valkey";

export interface Server {
	/** The start of the command that queries it. */
	readonly cli: readonly string[];
	/** The program that checks a dump. */
	readonly checker: string;
	client(): Promise<Client>;
	/** The lines of the answer. Throws `Refused` if this user may not run the command. */
	ask(words: readonly string[], doing: string): Promise<string[]>;
	/**
	 * Undefined if the server does not reveal it, to us or to anybody: a hosting provider may have renamed the command.
	 */
	setting(name: string): Promise<string | undefined>;
	/** Fields of INFO about persistence, by name. */
	persistence(): Promise<(field: string) => string | undefined>;
	isAppendOnly(): Promise<boolean>;
	/** The product and its major version. */
	product(): Promise<{ readonly product: Product; readonly version: number }>;
}

/** A running server answers immediately; one that a service has suspended never does. */
const ANSWER_SECONDS = 40;

export class Refused extends HoldfastError {}

export function serverOf({ port, socket, passwordFile }: RedisDump, signal?: AbortSignal): Server {
	// A machine with only Valkey has no redis-cli, unless the compatibility package is installed.
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
		// Without -e, redis-cli prints an error like any other answer.
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
	const persistence = async () =>
		fields(await ask(["INFO", "persistence"], "ask the server for its persistence settings"));
	return {
		...{ cli, checker: `${name}-check-rdb`, client, ask, setting, persistence },
		async isAppendOnly() {
			const said = await setting("appendonly");
			return said === undefined ? (await persistence())("aof_enabled") === "1" : said === "yes";
		},
		async product() {
			const said = fields(await ask(["INFO", "server"], "ask the server for its version"));
			// Valkey reports both versions; redis_version is the Redis version that it is compatible with.
			const own = said("valkey_version");
			return {
				product: own === undefined ? "Redis" : "Valkey",
				version: Number.parseInt(own ?? said("redis_version") ?? "0", 10),
			};
		},
	};
}

/** The fields of INFO, by name. */
function fields(info: readonly string[]): (field: string) => string | undefined {
	return (field) =>
		info
			.find((line) => line.startsWith(`${field}:`))
			?.split(":")[1]
			?.trim();
}

/**
 * The server's error message says that this user lacks the right, or that the command does not exist (rename-command).
 */
export function isRefused(lines: readonly string[]): boolean {
	return lines.some((line) => /-?(NOPERM|ERR unknown command)\b/.test(line));
}

function refusal({ server }: Client, doing: string, details: readonly string[]): Refused {
	return new Refused("database-failed", `could not ${doing}: the server denied permission`, {
		details,
		hint: `to back up ${server}, the user needs these commands in its ACL: +ping +info +config|get, and either +sync +psync +replconf or +bgsave. Grant them with ACL SETUSER, or remove the rename-command that hides them`,
	});
}
