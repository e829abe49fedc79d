// How to ask a MariaDB server: its own programs, with where it is and as whom.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { execText } from "../../host/exec.ts";
import { syncPath } from "../../host/files.ts";
import type { MariadbDump } from "../../manifest/dumps.ts";
import { type Client, fault, optionsOf } from "../client.ts";

/** What the functions of this folder work by. */
export interface Server {
	readonly client: Client;
	/** Words of a command before its own: where the server is and as whom. */
	connect(program: "mariadb" | "mariadb-dump"): string[];
	/** Statements over one connection; every row that they print. */
	sql(statements: readonly string[], doing: string): Promise<string[][]>;
	/**
	 * Make what was renamed, made and dropped survive a power cut: the server syncs its log, and not the folders that its
	 * tables' definitions are renamed in. Does nothing for a server whose files are not here.
	 */
	settle(): Promise<void>;
}

export function serverOf({ user, socket, defaultsFile }: Omit<MariadbDump, "mariadb">): Server {
	const client: Client = {
		server: "MariaDB",
		programs: "mariadb-client",
		look: "is the server up? See: systemctl status mariadb",
		user,
	};
	const connect: Server["connect"] = (program) => [
		program,
		// It must come first of all.
		...(defaultsFile === undefined ? [] : [`--defaults-extra-file=${defaultsFile}`]),
		...(socket === undefined ? [] : [`--socket=${socket}`]),
		"--default-character-set=utf8mb4",
	];
	const sql: Server["sql"] = async (statements, doing) => {
		const result = await execText(
			[...connect("mariadb"), "--batch", "--skip-column-names", "--init-command=SET sql_mode=''"],
			{ ...(await optionsOf(client)), input: `${statements.join(";\n")};\n` },
		);
		if (result.code !== 0) throw fault(client, doing, result);
		return result.text
			.split("\n")
			.filter((line) => line !== "")
			.map((line) => line.split("\t").map(plain));
	};
	return {
		client,
		connect,
		sql,
		async settle() {
			const [[data = ""] = []] = await sql(["SELECT @@datadir"], "ask MariaDB for its folder");
			const databases = await readdir(data, { withFileTypes: true }).catch(() => undefined);
			if (databases === undefined) return;
			for (const entry of databases) if (entry.isDirectory()) await syncPath(join(data, entry.name));
			await syncPath(data);
		},
	};
}

/** As `--batch` escapes (mysql client manual, "--raw"). */
function plain(text: string): string {
	return text.replace(
		/\\([nt0\\])/g,
		(_, letter) => ({ n: "\n", t: "\t", "0": "\0" })[letter as string] ?? "\\",
	);
}
