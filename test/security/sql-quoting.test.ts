// Whatever a name, a value or a body contains: our statements return it unchanged from a real server, and nothing
// else happens there. HOLDFAST_ROUNDS sets the number of rounds.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import fc from "fast-check";
import { createAccounts, missingAccounts } from "../../src/databases/mariadb/accounts.ts";
import { accountLiteral, identifier, literal } from "../../src/databases/mariadb/names.ts";
import { objectsOf } from "../../src/databases/mariadb/objects.ts";
import { putObjects } from "../../src/databases/mariadb/put-objects.ts";
import { type Server, serverOf } from "../../src/databases/mariadb/server.ts";
import { tokensOf } from "../../src/databases/mariadb/tokens.ts";
import { createAccounts as createRoles } from "../../src/databases/postgresql/accounts.ts";
import { type Ask, asker } from "../../src/databases/postgresql/ask.ts";
import * as postgresql from "../../src/databases/postgresql/names.ts";
import { listOf, settingClause } from "../../src/databases/postgresql/settings.ts";
import { statementOf, statementsIn } from "../../src/databases/postgresql/toc.ts";
import { mariadbServer, noServers, postgresqlServer, type TestServer } from "../support/servers.ts";

const numRuns = Number(process.env.HOLDFAST_ROUNDS ?? 5);

/** Text that could end an SQL token, or be a client's command. */
const piece = fc.oneof(
	fc.constantFrom(
		"'",
		'"',
		"`",
		"\\",
		";",
		"--",
		"/*",
		"*/",
		"#",
		"$$",
		"\n",
		"\r\n",
		"\t",
		",",
		" ",
		"\\! id\n",
		"delimiter x\n",
		"\\g",
	),
	fc.constantFrom("ä", "€", "😀", "\u2028", "\u00a0", "\u0001", ":'x'", ":x", "E'", "0x", "%", "_", "@"),
	fc.string({ unit: "binary", maxLength: 4 }),
);
/** psql does not print code points that are not characters (see its mbprint.c), although the server stores them. */
const UNPRINTED = /\p{Noncharacter_Code_Point}/gu;
const nasty = (most: number) =>
	fc
		.array(piece, { minLength: 1, maxLength: 8 })
		.map((parts) => parts.join("").replaceAll("\0", "").replace(UNPRINTED, "").toWellFormed())
		.map((text) => [...text].slice(0, most).join(""))
		.filter((text) => text !== "");

describe("what goes into SQL for PostgreSQL", { skip: noServers }, () => {
	let server: TestServer;
	let ask: Ask;
	before(async () => {
		server = await postgresqlServer();
		ask = asker({
			client: {
				server: "PostgreSQL",
				programs: "postgresql-client",
				look: "",
				user: "postgres",
				env: { PGCLIENTENCODING: "UTF8" },
			},
			where: [`--host=${server.folder}`, `--port=${server.port}`],
		});
	});
	const roles = () => server.sql("postgres", "SELECT count(*) FROM pg_roles");

	test("texts, in any database's settings", async () => {
		server.sql(
			"postgres",
			"CREATE DATABASE odd TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'",
		);
		server.sql(
			"postgres",
			"ALTER DATABASE odd SET standard_conforming_strings = off; ALTER DATABASE odd SET backslash_quote = on",
		);
		await fc.assert(
			fc.asyncProperty(nasty(60), async (text) => {
				const hex = (of: string) => Buffer.from(of).toString("hex");
				const [[found] = []] = await ask(
					[`SELECT encode(convert_to(${postgresql.literal(text)}, 'UTF8'), 'hex')`],
					"test",
				);
				assert.equal(found, hex(text));
				if ([...text].some((one) => one > "~")) return;
				const [[odd] = []] = await ask(
					[`SELECT encode(convert_to(${postgresql.literal(text)}, 'UTF8'), 'hex')`],
					"test",
					"odd",
				);
				assert.equal(odd, hex(text));
			}),
			{ numRuns },
		);
	});

	test("names of roles, their settings and comments", async () => {
		const was = roles();
		await fc.assert(
			fc.asyncProperty(
				nasty(15).filter((name) => !name.startsWith("pg_") && !/^(public|none)$/i.test(name)),
				nasty(30),
				async (name, text) => {
					const made = { name, attributes: ["LOGIN"], connectionLimit: 3, password: null, comment: text };
					const held = {
						accounts: [
							{
								...made,
								settings: [
									`application_name=${text.replaceAll(/[^ -~]/g, "?")}`,
									`search_path="${text.replaceAll('"', '""')}"`,
								],
							},
						],
					};
					assert.deepEqual(await createRoles(ask, held, [name], { owner: name }), []);
					const who = `rolname = ${postgresql.literal(name)}`;
					const [[found] = []] = await ask(
						[
							`SELECT json_build_array(rolsuper, rolcanlogin, rolconnlimit, shobj_description(oid, 'pg_authid'), rolconfig[2]) FROM pg_roles WHERE ${who}`,
						],
						"test",
					);
					const path = `search_path="${text.replaceAll('"', '""')}"`;
					const [isSuper, mayLogin, limit, comment, setting] = JSON.parse(found ?? "");
					assert.deepEqual([isSuper, mayLogin, limit, comment], [false, true, 3, text]);
					assert.deepEqual(listOf(setting.slice(12)), listOf(path.slice(12)));
					await ask([`DROP ROLE ${postgresql.identifier(name)}`], "test");
					assert.equal(roles(), was);
				},
			),
			{ numRuns },
		);
	});

	test("settings that are lists, as the server splits them", async () => {
		await fc.assert(
			fc.asyncProperty(fc.array(nasty(12), { minLength: 1, maxLength: 4 }), async (names) => {
				const value = names.map((name) => `"${name.replaceAll('"', '""')}"`).join(", ");
				assert.deepEqual(listOf(value), names);
				await ask(["CREATE ROLE lists", `ALTER ROLE lists ${settingClause(`search_path=${value}`)}`], "test");
				const [[kept] = []] = await ask(
					["SELECT rolconfig[1] FROM pg_roles WHERE rolname = 'lists'"],
					"test",
				);
				await ask(["DROP ROLE lists"], "test");
				assert.deepEqual(listOf((kept ?? "").slice("search_path=".length)), names);
			}),
			{ numRuns },
		);
	});

	test("statements that are read from a dump and written again", () => {
		fc.assert(
			fc.property(nasty(20), nasty(20), nasty(40), (schema, name, text) => {
				const written = `GRANT SELECT ON TABLE ${postgresql.identifier(schema)}.${postgresql.identifier(name)} TO app;\n-- ; x\nCOMMENT ON TABLE a IS ${postgresql.literal(text)};\n`;
				const [grant, comment, ...more] = statementsIn(written) ?? [];
				assert.deepEqual(more, []);
				assert.deepEqual(
					grant?.filter((token) => "name" in token),
					[{ name: schema }, { name }],
				);
				assert.deepEqual(comment?.at(-1), { text });
				assert.deepEqual(statementsIn(`${statementOf(grant ?? [])};${statementOf(comment ?? [])};`), [
					grant,
					comment,
				]);
			}),
			{ numRuns: numRuns * 40 },
		);
	});

	test("no text that is read from a dump comes out as more statements than it was", () => {
		fc.assert(
			fc.property(
				fc.array(fc.oneof(piece, fc.constantFrom("GRANT", " ON ", " TO ", "a", ";\n", "ALL")), {
					maxLength: 20,
				}),
				(parts) => {
					for (const tokens of statementsIn(parts.join("")) ?? []) {
						const again = statementsIn(`${statementOf(tokens)};`);
						assert.equal(again?.length, 1);
					}
				},
			),
			{ numRuns: numRuns * 40 },
		);
	});
});

describe("what goes into SQL for MariaDB", { skip: noServers }, () => {
	let server: TestServer;
	let own: Server;
	before(async () => {
		server = await mariadbServer();
		server.sql(
			"",
			"CREATE DATABASE other; CREATE DATABASE app CHARACTER SET utf8mb4; CREATE TABLE app.t (n INT)",
		);
		own = serverOf({ socket: server.socket });
	});
	/** Names of databases and users contain no characters beyond the first plane, and do not end with a space. */
	const named = (most: number) =>
		nasty(most)
			.map((text) => text.replaceAll(/[\u{10000}-\u{10ffff}]/gu, "?").trimEnd())
			.filter((text) => text !== "" && !/[ \t\n\r\u00a0\u2028]$/.test(text));
	const outside = () =>
		server.sql("", "SELECT count(*) FROM mysql.global_priv; SHOW DATABASES; SELECT count(*) FROM mysql.db");

	test("texts", async () => {
		await fc.assert(
			fc.asyncProperty(nasty(60), async (text) => {
				const [[found, again] = []] = await own.sql(
					[`SELECT HEX(CONVERT(${literal(text)} USING utf8mb4)), ${literal(text)}`],
					"test",
				);
				assert.equal(found, Buffer.from(text).toString("hex").toUpperCase());
				assert.equal(again, text);
			}),
			{ numRuns },
		);
	});

	test("views, triggers, routines and events, with whatever names and bodies", async () => {
		const was = outside();
		await fc.assert(
			fc.asyncProperty(
				named(20),
				nasty(40),
				fc.constantFrom("", "ANSI_QUOTES", "NO_BACKSLASH_ESCAPES"),
				async (name, text, sqlMode) => {
					const quoted =
						sqlMode === "NO_BACKSLASH_ESCAPES" ? `'${text.replaceAll("'", "''")}'` : literal(text);
					const session = {
						definer: { user: "root", host: "localhost" },
						sqlMode,
						charset: "utf8mb4",
						collation: "utf8mb4_general_ci",
						databaseCollation: "utf8mb4_general_ci",
					};
					const all = [
						{
							...session,
							kind: "PROCEDURE" as const,
							name,
							text: `()\nBEGIN\n SELECT ${quoted};\n/* ${text.replaceAll("*/", "").replaceAll(/[*/!M]/g, "")} */ END`,
						},
						{
							...session,
							kind: "TRIGGER" as const,
							name,
							timing: "BEFORE" as const,
							event: "INSERT" as const,
							table: "t",
							text: `SET @a = ${quoted}`,
						},
						{
							...session,
							kind: "EVENT" as const,
							name,
							timeZone: "SYSTEM",
							text: ` ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' ON COMPLETION NOT PRESERVE ENABLE DO SELECT ${quoted}`,
						},
					];
					await putObjects(own, "app", { objects: all });
					const { objects: found, broken } = await objectsOf(own, "app");
					assert.deepEqual(broken, []);
					assert.deepEqual(
						new Map(found.map((one) => [one.kind, one])),
						new Map(all.map((one) => [one.kind, one])),
					);
					await putObjects(own, "app", { objects: [...found] });
					assert.deepEqual((await objectsOf(own, "app")).objects, found);
					assert.equal(outside(), was);
				},
			),
			{ numRuns },
		);
		await putObjects(own, "app", { objects: [] });
	});

	test("accounts", async () => {
		const was = outside();
		await fc.assert(
			fc.asyncProperty(
				named(20).filter((user) => !user.includes("@")),
				nasty(40),
				nasty(30),
				async (user, password, object) => {
					const who = { user, host: "localhost" };
					const grants = [{ privileges: [{ name: "SELECT" }], pattern: true, option: true }];
					const clauses = [{ word: "IDENTIFIED" }, { word: "BY" }, { text: password }];
					const held = { accounts: [{ ...who, clauses, grants }] };
					const name = `${user}@localhost`;
					assert.deepEqual(await missingAccounts(own, "app", held), [name]);
					await createAccounts(own, "app", held, [name], true);
					assert.deepEqual(await missingAccounts(own, "app", held), []);
					const rights = (await own.sql([`SHOW GRANTS FOR ${accountLiteral(who)}`], "test"))
						.flat()
						.join("\n");
					assert.match(rights, /GRANT SELECT ON `app`\.\* TO .* WITH GRANT OPTION$/s);
					await own.sql([`DROP USER ${accountLiteral(who)}`], "test");
					assert.equal(outside(), was);
					const text = `GRANT SELECT (${identifier(object)}) ON ${identifier(object)}.${identifier(user)} TO ${literal(password)}`;
					assert.deepEqual(
						tokensOf(text)?.filter((token) => "name" in token || "text" in token),
						[{ name: object }, { name: object }, { name: user }, { text: password }],
					);
				},
			),
			{ numRuns },
		);
	});
});
