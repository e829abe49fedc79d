// Everything that MySQL's manual knows: see the table in docs/explanation/databases.md.

import { mysqlServer } from "../support/mysql-server.ts";
import { scratch } from "../support/scratch.ts";
import { noServers } from "../support/servers.ts";
import { comesBack } from "./inventory/inventory.ts";
import { DROP } from "./inventory/mariadb-and-mysql.ts";
import { MYSQL } from "./inventory/mysql.ts";
import { mysqlPrograms } from "./mysql.ts";

comesBack({
	name: "MySQL",
	rows: MYSQL,
	skip: noServers ?? mysqlPrograms.missing,
	scratch: scratch("inventory-mysql"),
	async start() {
		const server = await mysqlServer();
		process.env.PATH = server.path;
		return server;
	},
	prepare: (server) => void server.sql("", "CREATE DATABASE app"),
	version: (server) => Number(server.sql("", "SELECT VERSION()").split(".")[0]),
	dump: ({ socket }) => ({ mariadb: "app", socket }),
	drop: (server) => void server.sql("", DROP),
});
