// A server that sends nothing fails only its own state's backup: somebody holds a lock on a service's data, or the
// server is not what it claims to be. HOLDFAST_STANDSTILL_SECONDS is an hour by default.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createServer, type Socket } from "node:net";
import { afterEach, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { mariadbServer, noServers, postgresqlServer } from "../support/servers.ts";

const folder = scratch("silent");

describe("a server that sends nothing", { skip: noServers }, () => {
	const held: ChildProcess[] = [];
	afterEach(() => {
		for (const one of held.splice(0)) one.kill();
	});
	/** It continues until it is ended. */
	const hold = async (program: string, args: readonly string[], statement: string) => {
		const child = spawn(program, args, { stdio: ["pipe", "ignore", "ignore"] });
		child.stdin.write(statement);
		held.push(child);
		await pause(700);
	};

	async function costsItself(dump: object, why: RegExp, place = new Place(folder), folders: string[] = []) {
		place.write("good/file", "good");
		place.declare({
			state: { app: { folders, dumps: [dump] }, good: { folders: [place.path("good")] } },
			providers: {
				tar: { destinations: { disk: { path: place.path("archives") } } },
				borgbackup: { destinations: { repo: { repo: place.path("repo"), encryption: "none" } } },
			},
		});
		for (const provider of ["tar", "borgbackup"]) {
			const { ended } = place.start(
				["create", "--provider", provider],
				["env", "HOLDFAST_STANDSTILL_SECONDS=3"],
			);
			const { code, stderr } = await ended;
			assert.equal(code, 3, stderr);
			assert.match(stderr, why);
			const { stdout } = await place.holdfast("list", "--json", "--provider", provider);
			const [{ metadata }] = JSON.parse(stdout).archives;
			assert.deepEqual([metadata.states.app.outcome, metadata.states.good.outcome], ["failed", "good"]);
		}
	}
	const SILENT = /could not dump the (database|dataset) .*: the server sent nothing for 3 seconds/;

	test("PostgreSQL: a table that is locked", async () => {
		const server = await postgresqlServer();
		server.sql("postgres", "CREATE DATABASE app");
		server.sql("app", "CREATE TABLE note (id int)");
		await hold(
			"setpriv",
			[
				...["--reuid=postgres", "--regid=postgres", "--init-groups", "--"],
				...["psql", "-X", "-h", server.folder, "-p", String(server.port), "app"],
			],
			"BEGIN; LOCK TABLE note; SELECT pg_sleep(600);\n",
		);
		await costsItself({ postgresql: "app", host: server.folder, port: server.port }, SILENT);
	});

	test("MariaDB: a table that is locked", async () => {
		const server = await mariadbServer();
		server.sql("", "CREATE DATABASE app; CREATE TABLE app.t (n INT)");
		await hold(
			"mariadb",
			["--no-defaults", `--socket=${server.socket}`, "--unbuffered"],
			"LOCK TABLES app.t WRITE;\nSELECT SLEEP(600);\n",
		);
		await costsItself({ mariadb: "app", socket: server.socket }, SILENT);
	});

	test("Redis: one that does not answer to SYNC", async () => {
		const open = new Set<Socket>();
		const server = createServer((socket) => {
			open.add(socket.on("error", () => {}));
			socket.on("data", (bytes) => {
				const asked = bytes.toString("latin1");
				const info = "redis_version:7.0.0\r\naof_enabled:0\r\n";
				if (/\bINFO\b/i.test(asked)) socket.write(`$${info.length}\r\n${info}\r\n`);
				else if (/\bSYNC\b/i.test(asked)) return;
				else socket.write("*0\r\n");
			});
		});
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		const { port } = server.address() as { port: number };
		const place = new Place(folder);
		const live = place.write("redis/dump.rdb", "");
		try {
			await costsItself({ redis: live, port }, SILENT, place, [place.path("redis")]);
		} finally {
			for (const socket of open) socket.destroy();
			server.close();
		}
	});
});
