// Connect to a MariaDB or MySQL server with its own programs.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { execText } from "../../host/exec.ts";
import { syncPath } from "../../host/files.ts";
import { programPath } from "../../host/programs.ts";
import { type Client, fault, QUESTION_SECONDS, questionOptions } from "../client.ts";
import type { MariadbDump } from "./schema.ts";

/** How to connect as a particular account: the connection arguments, and the client that they are for. */
export interface Asker {
	readonly client: Client;
	/** Time limit for one statement. */
	readonly seconds?: number;
	/** Bytes of the answer that are wanted; by default all of it. */
	readonly beginning?: number;
	connect(role: keyof Programs): string[];
}

/** Ways to run SQL on a server. */
export interface Asked {
	/** Run our own statements over one connection. Returns all rows that they print. */
	sql(statements: readonly string[], doing: string): Promise<string[][]>;
	/** Run all statements, even if some fail. Returns the server's error messages. */
	faults(statements: readonly string[], doing: string): Promise<string[]>;
	/** Like `sql`, but the client parses the text. */
	script(text: string, doing: string): Promise<string[][]>;
}

/** The server that the functions in this folder work with. */
export interface Server extends Asker, Asked {
	/**
	 * The same server, for steps that must complete even if the run is interrupted. `seconds`: time limit per
	 * statement.
	 */
	firm(seconds?: number): Server;
	/** The client program, for commands in hints. */
	readonly program: string;
	/**
	 * The connection arguments that precede a command's own. An option file of ours names the account and replaces the
	 * configured file.
	 */
	connect(role: keyof Programs, optionFile?: string): string[];
	/** The configured option file. */
	readonly defaultsFile: string | undefined;
	/** The product and its major version. */
	product(): Promise<{ readonly product: Product; readonly version: number }>;
	/**
	 * Make renames, creations and drops survive a power cut. The server syncs its log, but not the folders in which the
	 * files with table definitions are renamed. Does nothing for a server whose files are not on this machine.
	 */
	settle(): Promise<void>;
}

export type Product = "MariaDB" | "MySQL";

interface Programs {
	readonly client: string;
	readonly dump: string;
}
const MARIADB: Programs = { client: "mariadb", dump: "mariadb-dump" };
/** MySQL's programs. MariaDB before 10.4.6 used the same names. */
const MYSQL: Programs = { client: "mysql", dump: "mysqldump" };

/**
 * Client options that make it pass on its input unchanged. In binary mode the client knows only the commands
 * `delimiter` and `\C`. It never sends a local file to the server, which could request one in any response (`LOAD DATA
 * LOCAL`). Comments are kept, because a routine may contain some.
 */
const PLAIN = ["--batch", "--binary-mode", "--comments", "--local-infile=0"];

/** The installed programs. The two packages conflict, so a machine has only one of them. */
const installed = () => (!programPath(MARIADB.client) && programPath(MYSQL.client) ? MYSQL : MARIADB);

const PASSWORD =
	"name the account and its password in an option file, and that with defaultsFile; or connect as a user who needs none";

/** An option file may name a server on another machine. */
const lookAt = (unit: string, defaultsFile: string | undefined): string =>
	defaultsFile === undefined
		? `is the server up? See: systemctl status ${unit}`
		: `is the server up? Its address is in ${defaultsFile}; if it is on this machine: systemctl status ${unit}`;

export function serverOf(
	where: Omit<MariadbDump, "mariadb">,
	signal?: AbortSignal,
	seconds?: number,
): Server {
	const { user, socket, defaultsFile } = where;
	const programs = installed();
	const client: Client =
		programs === MYSQL
			? {
					server: "MySQL",
					programs: "mysql-client",
					look: lookAt("mysql", defaultsFile),
					password: PASSWORD,
					...{ user, signal },
				}
			: {
					server: "MariaDB",
					programs: "mariadb-client",
					look: lookAt("mariadb", defaultsFile),
					password: PASSWORD,
					...{ user, signal },
				};
	const connect: Server["connect"] = (role, optionFile = defaultsFile) => [
		programs[role],
		// This option must be the first.
		...(optionFile === undefined ? [] : [`--defaults-extra-file=${optionFile}`]),
		...(socket === undefined ? [] : [`--socket=${socket}`]),
		"--default-character-set=utf8mb4",
		...(role === "client" ? PLAIN : []),
		...(programs === MARIADB && role === "client" ? ["--loose-sandbox"] : []),
		// A dump that sets GTIDs could not be loaded into the server it came from.
		...(programs === MYSQL && role === "dump" ? ["--loose-set-gtid-purged=OFF"] : []),
	];
	const asker: Asker = { client, connect, ...(seconds === undefined ? {} : { seconds }) };
	const all = asked(asker);
	const { sql } = all;
	return {
		...all,
		client,
		program: programs.client,
		connect,
		defaultsFile,
		firm: (most) => serverOf(where, undefined, most),
		async product() {
			const [[text = ""] = []] = await sql(["SELECT VERSION()"], "ask the server for its version");
			return { product: /mariadb/i.test(text) ? "MariaDB" : "MySQL", version: Number.parseInt(text, 10) };
		},
		async settle() {
			const [[data = ""] = []] = await sql(["SELECT @@datadir"], "ask the server for its data directory");
			const databases = await readdir(data, { withFileTypes: true }).catch(() => undefined);
			if (databases === undefined) return;
			for (const entry of databases) if (entry.isDirectory()) await syncPath(join(data, entry.name));
			await syncPath(data);
		},
	};
}

export function sqlBy(asker: Asker, statements: readonly string[], doing: string): Promise<string[][]> {
	return scriptBy(asker, `${statements.join(";\n")};\n`, doing);
}

/** The beginning of an error as the client prints it: `ERROR 1064 (42000) at line 1: `. */
export const isError = (line: string) => /^ERROR \d+ \(/.test(line);

/** Run SQL as this asker. */
export function asked(asker: Asker): Asked {
	return {
		script: (text, doing) => scriptBy(asker, text, doing),
		sql: (statements, doing) => sqlBy(asker, statements, doing),
		async faults(statements, doing) {
			const said: string[] = [];
			const result = await execText([...asker.connect("client"), "--force", ...plainSession(asker)], {
				...(await questionOptions(asker.client, asker.seconds)),
				input: `${statements.join(";\n")};\n`,
				onStderr: (line) => {
					if (isError(line)) said.push(line);
				},
			});
			// The client failed before it ran any statement.
			if (result.code !== 0 && (said.length === 0 || said.every((line) => !/ at line \d+:/.test(line))))
				throw fault(asker.client, doing, result);
			return said;
		},
	};
}

/**
 * Session settings. Without NO_AUTO_CREATE_USER, which MySQL no longer has, MariaDB's GRANT creates an account that does not
 * exist, and without a password. Statements that wait for a lock continue on the server after their client is gone, so the server
 * must end them itself. MariaDB can also end any other statement, MySQL only SELECT.
 */
function plainSession({ seconds = QUESTION_SECONDS }: Asker): string[] {
	const limits = `lock_wait_timeout=${seconds} /*M!100100 , max_statement_time=${seconds} */`;
	return [
		"--skip-column-names",
		`--init-command=SET sql_mode='' /*M!100100 , sql_mode='NO_AUTO_CREATE_USER' */, ${limits}`,
	];
}

async function scriptBy(asker: Asker, text: string, doing: string): Promise<string[][]> {
	const { client, connect, seconds, beginning } = asker;
	let first: string | undefined;
	const result = await execText([...connect("client"), ...plainSession(asker)], {
		...(await questionOptions(client, seconds)),
		...(beginning === undefined ? {} : { beginning }),
		input: text,
		onStderr: (line) => {
			if (isError(line)) first ??= line;
		},
	});
	if (result.code !== 0) {
		// A message of many lines may have pushed its own beginning out of the last ones.
		const told = first === undefined || result.stderr.includes(first) ? [] : [first];
		throw fault(client, doing, { ...result, stderr: [...told, ...result.stderr] });
	}
	return result.text
		.split("\n")
		.filter((line) => line !== "")
		.map((line) => line.split("\t").map(plain));
}

/** Undo the escaping of `--batch` (mysql client manual, "--raw"). */
function plain(text: string): string {
	return text.replace(
		/\\([nt0\\])/g,
		(_, letter) => ({ n: "\n", t: "\t", "0": "\0" })[letter as string] ?? "\\",
	);
}
