// PostgreSQL, through its own programs as a user who may do all (peer authentication over the socket).
// pg_dump's custom format is consistent while the server works; uncompressed, so that engines can deduplicate it.
// ALTER DATABASE … RENAME may run in a transaction, needs that nobody is connected, and takes milliseconds
// (PostgreSQL 15 documentation, "ALTER DATABASE").
import { createWriteStream } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { cleanEnvironment, describeEnd, type ExecOptions, exec, execText, start } from "../host/exec.ts";
import { syncPath } from "../host/files.ts";
import { account } from "../host/users.ts";
import type { Dump } from "../manifest/dumps.ts";
import { HoldfastError } from "../manifest/error.ts";
import type { Database, DumpFacts } from "./database.ts";

/** A query's columns: not a character that a name or a locale has. */
const SEPARATOR = "\u001f";

export function postgresql({ postgresql: live, user, port }: Dump): Database {
	const as = user ?? (process.getuid?.() === 0 ? "postgres" : undefined);
	const options = async (): Promise<ExecOptions> => ({
		env: { ...cleanEnvironment(as === undefined ? undefined : await account(as)), PGCONNECT_TIMEOUT: "10" },
		...(as === undefined ? {} : { user: as }),
	});
	const connection = (name: string) => [
		...(port === undefined ? [] : [`--port=${port}`]),
		`--dbname=${conninfo(name)}`,
	];

	/** Statements one after another over one connection; the last one's rows. */
	async function sql(statements: readonly string[], doing: string): Promise<string[][]> {
		const result = await execText(
			[
				"psql",
				"--no-psqlrc",
				"--quiet",
				"--tuples-only",
				"--no-align",
				`--field-separator=${SEPARATOR}`,
				"--set=ON_ERROR_STOP=1",
				...connection("postgres"),
				"--file=-",
			],
			{ ...(await options()), input: `${statements.join(";\n")};\n` },
		);
		if (result.code !== 0) throw fault(doing, result.stderr, describeEnd(result));
		return result.text
			.split("\n")
			.filter((line) => line !== "")
			.map((line) => line.split(SEPARATOR));
	}

	function fault(doing: string, stderr: readonly string[], end: string): HoldfastError {
		const missing = end.endsWith("code 127");
		return new HoldfastError(
			"failed",
			`could not ${doing}: ${missing ? "PostgreSQL's programs are not installed" : end}`,
			{
				details: stderr,
				hint: missing
					? "install them: apt-get install postgresql-client"
					: "is the server up? See: systemctl status postgresql",
			},
		);
	}

	/** Those of these databases that are there. */
	const present = async (...names: string[]) =>
		new Set(
			(
				await sql(
					[`SELECT datname FROM pg_database WHERE datname IN (${names.map(literal).join(", ")})`],
					`look for the database ${names[0]}`,
				)
			).flat(),
		);
	const exists = async (name: string) => (await present(name)).has(name);
	const endSessions = (name: string) => [
		`ALTER DATABASE ${identifier(name)} WITH ALLOW_CONNECTIONS false`,
		`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ${literal(name)} AND pid <> pg_backend_pid()`,
		// A backend that was told to end takes a moment.
		`DO $$ BEGIN FOR n IN 1..200 LOOP EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = ${literal(name)}); PERFORM pg_sleep(0.05); PERFORM pg_stat_clear_snapshot(); END LOOP; END $$`,
	];
	const rename = (from: string, to: string) =>
		`ALTER DATABASE ${identifier(from)} RENAME TO ${identifier(to)}`;
	const version = async () => {
		const [[number = "0"] = []] = await sql(["SHOW server_version_num"], "ask PostgreSQL for its version");
		return Math.floor(Number(number) / 10_000);
	};

	return {
		async ready() {
			await sql(["SELECT 1"], "reach PostgreSQL");
		},
		version,
		exists,
		async dump(file, signal, log) {
			const [row] = await sql(
				[
					`SELECT pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database WHERE datname = ${literal(live)}`,
				],
				`look at the database ${live}`,
			);
			if (!row)
				throw new HoldfastError("failed", `there is no PostgreSQL database ${live}`, {
					hint: "see those there are: psql -l",
				});
			const [owner = "", encoding = "", collate = "", ctype = ""] = row;
			const child = await start(["pg_dump", "--format=custom", "--compress=0", ...connection(live)], {
				...(await options()),
				pipeOut: true,
				signal,
				onStderr: log,
			});
			try {
				const output = createWriteStream(file, { flags: "wx", mode: 0o600, flush: true });
				if (child.stdout) await pipeline(child.stdout, output);
				// A dump that was cut short still looks like a file: only the exit code tells.
				const result = await child.done;
				signal.throwIfAborted();
				if (result.code !== 0) throw fault(`dump the database ${live}`, result.stderr, describeEnd(result));
				if ((await stat(file)).size === 0) throw new HoldfastError("failed", `the dump of ${live} is empty`);
				await syncPath(dirname(file));
			} catch (error) {
				await rm(file, { force: true });
				throw error;
			}
			return { owner, encoding, collate, ctype, version: await version() } satisfies DumpFacts;
		},
		async load(file, { owner, encoding, collate, ctype }, fresh, signal, log) {
			await sql(
				[
					`CREATE DATABASE ${identifier(fresh)} OWNER ${identifier(owner)} TEMPLATE template0 ENCODING ${literal(encoding)} LC_COLLATE ${literal(collate)} LC_CTYPE ${literal(ctype)}`,
				],
				`make a database for ${live}`,
			);
			const { createReadStream } = await import("node:fs");
			// The server's user may not read our private folders: the dump goes in through a pipe.
			const child = await start(
				["pg_restore", "--exit-on-error", "--single-transaction", ...connection(fresh)],
				{
					...(await options()),
					pipeIn: true,
					signal,
					onStdout: log,
					onStderr: log,
				},
			);
			const flow = child.stdin
				? pipeline(createReadStream(file), child.stdin).catch((error: Error) => error)
				: undefined;
			const result = await child.done;
			const broken = await flow;
			signal.throwIfAborted();
			if (result.code !== 0) throw fault(`load the dump of ${live}`, result.stderr, describeEnd(result));
			if (broken) throw broken;
			const analysed = await exec(
				["psql", "--no-psqlrc", "--quiet", ...connection(fresh), "--command=ANALYZE"],
				await options(),
			);
			if (analysed.code !== 0) throw fault(`analyse ${fresh}`, analysed.stderr, describeEnd(analysed));
		},
		async swap(fresh, name, old) {
			const there = await present(fresh, name);
			if (!there.has(fresh))
				throw new HoldfastError("failed", `there is no database ${fresh} to put in the place of ${name}`);
			const hadLive = there.has(name);
			await sql(
				[
					...(hadLive ? endSessions(name) : []),
					"BEGIN",
					...(hadLive ? [rename(name, old)] : []),
					rename(fresh, name),
					"COMMIT",
					`ALTER DATABASE ${identifier(name)} WITH ALLOW_CONNECTIONS true`,
				],
				`swap the database ${name}`,
			);
		},
		async swapBack(fresh, name, old) {
			const there = await present(old, name, fresh);
			const [hasOld, hasLive, hasFresh] = [there.has(old), there.has(name), there.has(fresh)];
			// Without the fresh one beside it, what is live is the fresh one.
			const liveIsFresh = hasLive && !hasFresh;
			if (hasOld || liveIsFresh) {
				await sql(
					[
						...(liveIsFresh ? endSessions(name) : []),
						"BEGIN",
						...(liveIsFresh ? [rename(name, fresh)] : []),
						...(hasOld ? [rename(old, name)] : []),
						"COMMIT",
					],
					`swap the database ${name} back`,
				);
			}
			if (hasOld || (hasLive && hasFresh))
				await sql(
					[`ALTER DATABASE ${identifier(name)} WITH ALLOW_CONNECTIONS true`],
					`open the database ${name} again`,
				);
		},
		async drop(name) {
			if (!(await exists(name))) return;
			await sql([`DROP DATABASE ${identifier(name)} WITH (FORCE)`], `drop the database ${name}`);
		},
	};
}

function identifier(name: string): string {
	return `"${name.replaceAll('"', '""')}"`;
}

function literal(text: string): string {
	return `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

/** A bare name with "=" or a URL's form would be read as more than a name (libpq, "Connection Strings"). */
function conninfo(name: string): string {
	return `dbname='${name.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
