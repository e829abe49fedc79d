// A real MySQL for a test, which Debian 12 does not have, on a socket in its own folder; and a PATH that has its
// programs and none of MariaDB's.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mysqlPrograms } from "../databases/mysql.ts";
import { askedBy, begin, placeFor, type TestServer, until } from "./servers.ts";

export async function mysqlServer(): Promise<Omit<TestServer, "port"> & { readonly path: string }> {
	const folder = placeFor("mysql");
	const programs = mysqlPrograms.below(join(import.meta.dirname, "../.."));
	const socket = join(folder, "mysqld.sock");
	// A server that starts removes the temporary tables of all others that share its folder.
	const temporary = join(folder, "tmp");
	mkdirSync(temporary);
	execFileSync("chown", ["mysql:mysql", folder, temporary]);
	const settings = join(folder, "my.cnf");
	// With its defaults: a binary log, and functions only from users with all rights.
	writeFileSync(
		settings,
		[
			...[
				"[mysqld]",
				"user = mysql",
				`datadir = ${folder}/data`,
				`tmpdir = ${temporary}`,
				`socket = ${socket}`,
				"skip-networking",
				"secure-file-priv =",
			],
			...[`plugin-dir = ${programs}/usr/lib/mysql/plugin`, "mysqlx = OFF"],
			...[`lc-messages-dir = ${programs}/usr/share/mysql`, `pid-file = ${folder}/pid`],
			...[`character-sets-dir = ${programs}/usr/share/mysql/charsets`, `log-error = ${folder}/log`],
			...["innodb-redo-log-capacity = 8M", "innodb-flush-log-at-trx-commit = 0", "sync-binlog = 0", ""],
		].join("\n"),
	);
	const server = [join(programs, "bin/mysqld"), `--defaults-file=${settings}`];
	const make = () => {
		execFileSync(server[0] ?? "", [...server.slice(1), "--initialize-insecure"], { stdio: "ignore" });
		return begin("setpriv", ["--pdeathsig", "KILL", "--", ...server]);
	};
	let end = make();
	const client = (words: readonly string[], database: string, statements: string) =>
		spawnSync(
			join(programs, "bin/mysql"),
			[
				...["--no-defaults", `--socket=${socket}`, "--batch", "--skip-column-names"],
				...[...words, database].filter((one) => one !== ""),
			],
			{ input: statements, encoding: "utf8" },
		);
	const up = () => until(() => client([], "", "SELECT 1").status === 0);
	await up();
	return {
		...{ folder, socket, path: pathWith(join(folder, "path"), join(programs, "bin")) },
		...askedBy(client),
		async renew() {
			await end();
			rmSync(join(folder, "data"), { recursive: true });
			end = make();
			await up();
		},
	};
}

/** This machine's PATH without MariaDB's programs. */
function pathWith(folder: string, programs: string): string {
	mkdirSync(folder);
	const others = (process.env.PATH ?? "").split(":").filter((one) => !/^(\/usr)?\/s?bin$/.test(one));
	const names = new Set<string>();
	for (const from of ["/usr/sbin", "/usr/bin"])
		for (const name of readdirSync(from)) {
			if (names.has(name) || /^(mariadb|mysql)/.test(name)) continue;
			names.add(name);
			symlinkSync(join(from, name), join(folder, name));
		}
	for (const name of ["mysql", "mysqldump"]) symlinkSync(join(programs, name), join(folder, name));
	return [...others, folder].join(":");
}
