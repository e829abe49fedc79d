// How to ask a server of MariaDB's or MySQL's: its own programs, with where it is and as whom.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { execText } from "../../host/exec.ts";
import { syncPath } from "../../host/files.ts";
import { programPath } from "../../host/programs.ts";
import { type Client, fault, QUESTION_SECONDS, questionOptions } from "../client.ts";
import type { MariadbDump } from "./schema.ts";

/** How to ask the server as somebody: words before a command's own, and the client that they are for. */
export interface Asker {
	readonly client: Client;
	/** A statement is over by then. */
	readonly seconds?: number;
	connect(role: keyof Programs): string[];
}

/** What a server is asked. */
export interface Asked {
	/** Statements of ours over one connection; every row that they print. */
	sql(statements: readonly string[], doing: string): Promise<string[][]>;
	/** All of these statements, whatever comes of each: what the server says of those that fail. */
	faults(statements: readonly string[], doing: string): Promise<string[]>;
	/** The same as the client reads it. */
	script(text: string, doing: string): Promise<string[][]>;
}

/** What the functions of this folder work by. */
export interface Server extends Asker, Asked {
	/** The same server, for what goes to its end though the run is interrupted; its statements in so many seconds. */
	firm(seconds?: number): Server;
	/** The program that asks it, for a person to type. */
	readonly program: string;
	/**
	 * Words of a command before its own: where the server is and as whom. With an option file of our own, which says as
	 * whom, that takes the place of the configured one.
	 */
	connect(role: keyof Programs, optionFile?: string): string[];
	/** The option file that is configured. */
	readonly defaultsFile: string | undefined;
	/** Which of the two it is, and its major version. */
	product(): Promise<{ readonly product: Product; readonly version: number }>;
	/**
	 * Make what was renamed, made and dropped survive a power cut: the server syncs its log, and not the folders that its
	 * tables' definitions are renamed in. Does nothing for a server whose files are not here.
	 */
	settle(): Promise<void>;
}

export type Product = "MariaDB" | "MySQL";

interface Programs {
	readonly client: string;
	readonly dump: string;
}
const MARIADB: Programs = { client: "mariadb", dump: "mariadb-dump" };
/** MySQL's own, and of MariaDB before 10.4.6, which had no others yet. */
const MYSQL: Programs = { client: "mysql", dump: "mysqldump" };

/**
 * A client that passes on what it reads, and does nothing else. In binary mode it knows no command but `delimiter` and
 * `\C`; it never hands a local file to the server, which could ask for one with any answer (`LOAD DATA LOCAL`); and
 * comments, which may stand in a routine, are not taken out.
 */
const PLAIN = ["--batch", "--binary-mode", "--comments", "--local-infile=0"];

/** Those that are installed: a machine has one of the two packages, which shut each other out. */
const installed = () => (!programPath(MARIADB.client) && programPath(MYSQL.client) ? MYSQL : MARIADB);

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
					look: "is the server up? See: systemctl status mysql",
					...{ user, signal },
				}
			: {
					server: "MariaDB",
					programs: "mariadb-client",
					look: "is the server up? See: systemctl status mariadb",
					...{ user, signal },
				};
	const connect: Server["connect"] = (role, optionFile = defaultsFile) => [
		programs[role],
		// It must come first of all.
		...(optionFile === undefined ? [] : [`--defaults-extra-file=${optionFile}`]),
		...(socket === undefined ? [] : [`--socket=${socket}`]),
		"--default-character-set=utf8mb4",
		...(role === "client" ? PLAIN : []),
		...(programs === MARIADB && role === "client" ? ["--loose-sandbox"] : []),
		// A dump that sets the server's transaction ids could not be loaded into the server that it came from.
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
			const [[data = ""] = []] = await sql(["SELECT @@datadir"], "ask the server for its folder");
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

/** All that can be asked by somebody. */
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
					if (line.startsWith("ERROR ")) said.push(line);
				},
			});
			// It could not even begin.
			if (result.code !== 0 && (said.length === 0 || said.every((line) => !/ at line \d+:/.test(line))))
				throw fault(asker.client, doing, result);
			return said;
		},
	};
}

/**
 * A server ends by itself a statement that waits for a lock, which goes on there when its client is gone; MariaDB any
 * other as well, MySQL those that read alone.
 */
function plainSession({ seconds = QUESTION_SECONDS }: Asker): string[] {
	const limits = `lock_wait_timeout=${seconds} /*M!100100 , max_statement_time=${seconds} */`;
	return ["--skip-column-names", `--init-command=SET sql_mode='', ${limits}`];
}

async function scriptBy(asker: Asker, text: string, doing: string): Promise<string[][]> {
	const { client, connect, seconds } = asker;
	const result = await execText([...connect("client"), ...plainSession(asker)], {
		...(await questionOptions(client, seconds)),
		input: text,
	});
	if (result.code !== 0) throw fault(client, doing, result);
	return result.text
		.split("\n")
		.filter((line) => line !== "")
		.map((line) => line.split("\t").map(plain));
}

/** As `--batch` escapes (mysql client manual, "--raw"). */
function plain(text: string): string {
	return text.replace(
		/\\([nt0\\])/g,
		(_, letter) => ({ n: "\n", t: "\t", "0": "\0" })[letter as string] ?? "\\",
	);
}
