// A dump and a load of a database of about 1 GB, against the servers' own programs with the same options: what is written is
// synced on both sides, and what is loaded is analysed and takes the place of the live one. Needs root.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { closeServers, mariadbServer, noServers, postgresqlServer } from "../test/support/servers.ts";
import { type Command, compare } from "./measure.ts";
import { HOLDFAST, place } from "./place.ts";
import { atMost, type Row } from "./row.ts";

const PAIRS = 3;
/** Words, numbers and a key, with an index: about 1 GB as SQL. */
const ROWS = 2_150_000;
const BODY = "REPEAT('the harbour light came back and found letters under old stairs ', 7)";

interface Measured {
	readonly name: string;
	readonly dump: object;
	/** Shell commands for an admin who may connect; `$file` is the dump. */
	readonly byHand: { readonly dump: string; readonly load: string };
}

export async function databasesBench(scratch: string): Promise<Row[]> {
	if (noServers !== undefined) {
		process.stderr.write(`databases: skipped, ${noServers}\n`);
		return [];
	}
	try {
		return [...(await measured(scratch, await postgresql())), ...(await measured(scratch, await mariadb()))];
	} finally {
		await closeServers();
	}
}

async function postgresql(): Promise<Measured> {
	const server = await postgresqlServer();
	const { folder, port } = server;
	server.sql("postgres", "CREATE DATABASE app TEMPLATE template0");
	server.sql(
		"app",
		`CREATE TABLE post (id int PRIMARY KEY, member int, body text); INSERT INTO post SELECT n, n % 20000, n || ${BODY} FROM generate_series(1, ${ROWS}) AS n; CREATE INDEX ON post (member); CHECKPOINT`,
	);
	const as = "setpriv --reuid=postgres --regid=postgres --init-groups --";
	const where = `--host=${folder} --port=${port}`;
	return {
		name: "PostgreSQL",
		dump: { postgresql: "app", host: folder, port },
		byHand: {
			dump: `${as} pg_dump ${where} --format=custom --compress=0 app`,
			load: `${as} createdb ${where} --template=template0 next; ${as} pg_restore ${where} --exit-on-error --jobs=2 --dbname=next $file; ${as} psql -q ${where} -d next -c ANALYZE; ${as} psql -q ${where} -d postgres -c 'BEGIN; ALTER DATABASE app RENAME TO old; ALTER DATABASE next RENAME TO app; COMMIT'; ${as} dropdb ${where} old`,
		},
	};
}

async function mariadb(): Promise<Measured> {
	const server = await mariadbServer();
	const { socket } = server;
	server.sql(
		"",
		`CREATE DATABASE app CHARACTER SET utf8mb4; CREATE TABLE app.post (id INT PRIMARY KEY, member INT, body TEXT, KEY (member)); INSERT INTO app.post SELECT seq, seq % 20000, CONCAT(seq, ${BODY}) FROM app.seq_1_to_${ROWS}`,
	);
	const where = `--no-defaults --socket=${socket}`;
	const swap =
		"RENAME TABLE app.post TO old.post, next.post TO app.post; DROP DATABASE old; DROP DATABASE next";
	return {
		name: "MariaDB",
		dump: { mariadb: "app", socket },
		byHand: {
			dump: `mariadb-dump ${where} --single-transaction --quick --hex-blob --skip-dump-date app`,
			load: `mariadb ${where} -e 'CREATE DATABASE next CHARACTER SET utf8mb4; CREATE DATABASE old'; mariadb ${where} next <$file; mariadb ${where} -e '${swap}'`,
		},
	};
}

async function measured(scratch: string, { name, dump, byHand }: Measured): Promise<Row[]> {
	const own = join(scratch, name);
	mkdirSync(own);
	const archives = join(own, "archives");
	const where = place(own, { dumps: [dump] }, { tar: { destinations: { disk: { path: archives } } } });
	const file = join(own, "by-hand");
	const hand = (script: string): Command => ({ argv: ["sh", "-ec", script], cwd: "/" });
	const holdfast = (...words: string[]): Command => ({ ...where, argv: [HOLDFAST, ...words, "--quiet"] });
	const zip = "zstd -q -f -3 -T1";
	const dumped = await compare(
		holdfast("create"),
		hand(`${byHand.dump} | ${zip} -o ${file}.zst; sync ${file}.zst`),
		PAIRS,
	);
	const loaded = await compare(
		holdfast("restore", "--yes", "tar", "latest"),
		hand(
			`chmod 755 ${scratch} ${own}; zstd -q -d -f ${file}.zst -o ${file}; chmod 644 ${file}; sync ${file}; file=${file}; ${byHand.load}`,
		),
		PAIRS,
	);
	const bytes = spawnSync("stat", ["-c", "%s", file], { encoding: "utf8" }).stdout.trim();
	if (readdirSync(archives).length === 0) throw new Error("nothing was backed up");
	const size = `${Math.round(Number(bytes) / 1e6)} MB`;
	return [
		atMost(
			`\`create\` on tar of a ${name} database, dump of ${size}`,
			`${name === "MariaDB" ? "`mariadb-dump` \\| `zstd`" : "`pg_dump` \\| `zstd`"}, synced`,
			1.1,
			dumped,
		),
		atMost(
			`\`restore\` of a ${name} database, dump of ${size}`,
			"unpacked, loaded and renamed by hand",
			1.1,
			loaded,
		),
	];
}
