// Real database servers for a test, set up as Debian does: in their own folder, with a socket in it and a port on
// 127.0.0.1. They are removed when the file's tests are done. Needs root.
import { type ChildProcess, execFileSync, type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { areServersHere, chosenSuite, mariadbPrograms, postgresqlPrograms } from "./server-programs.ts";

export interface Answer {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

export interface TestServer {
	/** The folder of its socket. */
	readonly folder: string;
	readonly socket: string;
	readonly port: number;
	/** As the server's administrator; must succeed. */
	sql(database: string, statements: string): string;
	/** As another of its users, who has the password `pw`. */
	as(user: string, database: string, statements: string): Answer;
	/** Replace it with a new one, at the same address. */
	renew(): Promise<void>;
}

const CACHE = join(import.meta.dirname, "../../node_modules/.cache/holdfast-servers");
/** Why no server can run here, or undefined if one can. */
export const noServers: string | undefined =
	process.getuid?.() !== 0
		? "database servers of their own need root"
		: areServersHere
			? undefined
			: "needs PostgreSQL and MariaDB";

const closings: (() => Promise<void>)[] = [];
after(closeServers);

/** Ends and removes all of them. */
export async function closeServers(): Promise<void> {
	for (const close of closings.splice(0).reverse()) await close();
}

export async function postgresqlServer(settings = "", suite = chosenSuite): Promise<TestServer> {
	const folder = placeFor("postgresql");
	const programs = postgresqlPrograms(join(folder, "programs"), suite);
	const port = await freePort();
	// Debian's wrapper of these programs takes longer than most of the queries here.
	process.env.PATH = `${programs}:${process.env.PATH}`;
	const asOwner = ["--reuid=postgres", "--regid=postgres", "--init-groups", "--"];
	execFileSync("chown", ["postgres:postgres", folder]);
	const options = `-c port=${port} -c unix_socket_directories=${folder} -c listen_addresses=127.0.0.1 -c fsync=off ${settings}`;
	const make = () => {
		freshData(join(folder, "data"), join(programs, "postgres"), (data) =>
			execFileSync(
				"setpriv",
				[
					...[...asOwner, join(programs, "initdb"), "-D", data, "--no-sync", "--encoding=UTF8"],
					...["--locale=C", "--auth-local=peer", "--auth-host=scram-sha-256"],
				],
				{ stdio: "ignore", cwd: folder },
			),
		);
		return begin("setpriv", [
			...["--pdeathsig", "KILL", ...asOwner, join(programs, "postgres"), "-D", join(folder, "data")],
			...options.trim().split(" "),
		]);
	};
	const psql = (
		words: readonly string[],
		database: string,
		statements: string,
		env: NodeJS.ProcessEnv = {},
	) =>
		spawnSync(
			"setpriv",
			[
				...[...asOwner, "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", `--port=${port}`, ...words],
				`--dbname=${`dbname='${database.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`}`,
			],
			{ input: statements, encoding: "utf8", env: { PATH: process.env.PATH, ...env }, cwd: "/" },
		);
	const up = () => until(() => psql([`--host=${folder}`], "postgres", "SELECT 1").status === 0);
	let end = make();
	await up();
	return {
		...{ folder, port, socket: folder },
		async renew() {
			await end();
			rmSync(join(folder, "data"), { recursive: true });
			end = make();
			await up();
		},
		sql(database, statements) {
			const { status, stdout, stderr } = psql([`--host=${folder}`], database, statements);
			if (status !== 0) throw new Error(`${statements}\n${stderr}`);
			return stdout.trim();
		},
		as(user, database, statements) {
			const words = ["--host=127.0.0.1", `--username=${user}`];
			const { status: code, ...said } = psql(words, database, statements, { PGPASSWORD: "pw" });
			return { code, ...said };
		},
	};
}

export async function mariadbServer(
	settings: readonly string[] = [],
	suite = chosenSuite,
): Promise<TestServer> {
	const folder = placeFor("mariadb");
	const programs = mariadbPrograms(join(folder, "programs"), suite);
	if (programs.clients !== undefined) process.env.PATH = `${programs.clients}:${process.env.PATH}`;
	const port = await freePort();
	const socket = join(folder, "mysqld.sock");
	const data = join(folder, "data");
	// A server that starts removes the temporary tables of all others that share its folder.
	const temporary = join(folder, "tmp");
	mkdirSync(temporary);
	execFileSync("chown", ["mysql:mysql", folder, temporary]);
	const make = () => {
		freshData(data, programs.server, () =>
			execFileSync(
				programs.install,
				[
					...["--no-defaults", `--datadir=${data}`, `--tmpdir=${temporary}`, "--user=mysql"],
					...["--skip-test-db", "--skip-name-resolve"],
				],
				{ stdio: ["ignore", "ignore", "pipe"] },
			),
		);
		return begin("setpriv", [
			...["--pdeathsig", "KILL", "--", programs.server, "--no-defaults", "--user=mysql"],
			...[`--datadir=${data}`, `--tmpdir=${temporary}`],
			...[`--socket=${socket}`, `--port=${port}`, "--bind-address=127.0.0.1", "--skip-name-resolve"],
			...[`--pid-file=${join(folder, "pid")}`, "--secure-file-priv=", "--innodb-flush-log-at-trx-commit=0"],
			...settings,
		]);
	};
	const client = (words: readonly string[], database: string, statements: string) =>
		spawnSync(
			"mariadb",
			[
				"--no-defaults",
				`--socket=${socket}`,
				UTF8,
				"--batch",
				"--skip-column-names",
				...words,
				database,
			].filter((one) => one !== ""),
			{ input: statements, encoding: "utf8" },
		);
	const up = () => until(() => client([], "", "SELECT 1").status === 0);
	let end = make();
	await up();
	return {
		...{ folder, port, socket },
		...askedBy(client),
		async renew() {
			await end();
			rmSync(data, { recursive: true });
			end = make();
			await up();
		},
	};
}

/** A new server's data: made once by each version of its program, and copied afterwards. */
function freshData(data: string, program: string, make: (data: string) => void): void {
	// Other versions' programs are at another place each time.
	if (!program.startsWith("/usr/")) {
		make(data);
		return;
	}
	const { size, mtimeMs } = statSync(program);
	const version = createHash("sha256").update([program, size, mtimeMs].join(" ")).digest("hex");
	const kept = join(CACHE, version.slice(0, 16));
	if (existsSync(kept)) return void execFileSync("cp", ["-a", kept, data]);
	make(data);
	mkdirSync(CACHE, { recursive: true });
	const draft = mkdtempSync(`${kept}-`);
	execFileSync("cp", ["-a", "--sparse=always", data, join(draft, "data")]);
	try {
		renameSync(join(draft, "data"), kept);
	} catch {
		// Another test file has made it meanwhile.
	}
	rmSync(draft, { recursive: true, force: true });
}

/** Otherwise the client uses the locale, and a bare machine has none. */
export const UTF8 = "--default-character-set=utf8mb4";

type Ask = Pick<TestServer, "sql" | "as">;

/** Both ways to query a MariaDB or MySQL server, depending on how its client is started. */
export const askedBy = (
	client: (words: readonly string[], database: string, statements: string) => SpawnSyncReturns<string>,
): Ask => ({
	sql(database, statements) {
		const { status, stdout, stderr } = client([], database, statements);
		if (status !== 0) throw new Error(`${statements}\n${stderr}`);
		return stdout.trim();
	},
	as(user, database, statements) {
		const { status: code, ...said } = client([`--user=${user}`, "--password=pw"], database, statements);
		return { code, ...said };
	},
});

/** Its users must be able to pass through here. */
export function placeFor(server: string): string {
	const folder = mkdtempSync(join(tmpdir(), `holdfast-${server}-`));
	chmodSync(folder, 0o755);
	closings.unshift(async () => rmSync(folder, { recursive: true, force: true }));
	return folder;
}

/** Returns how to end it; it is ended with the file's tests. */
export function begin(program: string, words: readonly string[]): () => Promise<void> {
	const child: ChildProcess = spawn(program, words, { stdio: "ignore", cwd: "/" });
	const end = async () => {
		const ended = new Promise((resolve) => child.on("exit", resolve));
		if (child.exitCode === null && child.signalCode === null && child.kill("SIGKILL")) await ended;
	};
	closings.push(end);
	return end;
}

export async function until(isReady: () => boolean): Promise<void> {
	for (let tries = 0; tries < 1200; tries++) {
		if (isReady()) return;
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
	throw new Error("the server does not come up");
}

async function freePort(): Promise<number> {
	const probe = createServer().listen(0, "127.0.0.1");
	await new Promise((resolve) => probe.once("listening", resolve));
	const address = probe.address();
	await new Promise((resolve) => probe.close(resolve));
	if (address === null || typeof address === "string") throw new Error("no port");
	return address.port;
}
