// MySQL: the same as MariaDB, with its own server and its own programs, which Debian 12 does not have.
import assert from "node:assert/strict";
import { test } from "node:test";
import { machine, noMachines } from "../machine/machine.ts";
import { fulfilsContract } from "./contract.ts";
import { tablesAndAllAround } from "./mariadb.ts";
import { installMysql, mysqlPrograms } from "./mysql.ts";

fulfilsContract({
	...tablesAndAllAround("MySQL", "mysql", installMysql),
	skip: mysqlPrograms.missing,
});

test("a dump of MariaDB's is refused before anything is touched", {
	skip: noMachines ?? mysqlPrograms.missing,
}, async () => {
	const web02 = await machine("web02");
	await installMysql(web02);
	await web02.sh(
		"mysql -e 'CREATE DATABASE shop; CREATE TABLE shop.t (n INT); INSERT INTO shop.t VALUES (1)'",
	);
	await web02.write(
		"/etc/holdfast/holdfast.json",
		JSON.stringify({
			machines: {
				web02: {
					state: { shop: { dumps: [{ mariadb: "shop" }] } },
					providers: { tar: { destinations: { disk: { path: "/mnt/archives" } } } },
				},
			},
		}),
	);
	assert.equal((await web02.holdfast("create")).code, 0);
	await web02.sh(`sed -i 's/"product": *"MySQL"/"product":"MariaDB"/' /mnt/archives/*/*.json`);
	const { code, stderr } = await web02.holdfast("restore", "--yes", "--service", "shop", "tar", "latest");
	assert.equal(code, 1, stderr);
	assert.match(stderr, /it was dumped by MariaDB 9, but this server is MySQL 9/);
	assert.equal(await web02.sh("mysql -BNe 'SELECT n FROM shop.t'"), "1");
});
