// MySQL: the same as MariaDB, with its own server and its own programs, which Debian 12 does not have.
import assert from "node:assert/strict";
import { test } from "node:test";
import { elsewhere } from "../elsewhere/elsewhere.ts";
import { type Machine, machine, noMachines } from "../machine/machine.ts";
import { fulfilsContract } from "./contract.ts";
import { tablesAndAllAround } from "./mariadb.ts";

const programs = elsewhere("sid", "mysql-server-core", "mysql-client-core");

/** In place of MariaDB and its programs, as Debian's and Ubuntu's packages of MySQL set it up. */
async function install(web01: Machine, folder: string): Promise<void> {
	await web01.sh(
		`rm -rf /usr/bin/mariadb* /usr/bin/mysql* /usr/sbin/mariadb* /usr/sbin/mysql* /etc/mysql /var/lib/mysql
		mkdir -p /etc/mysql; install -d -o mysql -g mysql /var/lib/mysql /var/lib/mysql-files
		ln -s ${folder}/bin/mysql ${folder}/bin/mysqldump /usr/local/bin/`,
	);
	await web01.write(
		"/etc/mysql/my.cnf",
		`[client]
		socket = /run/mysqld/mysqld.sock
		[mysqld]
		user = mysql
		datadir = /var/lib/mysql
		socket = /run/mysqld/mysqld.sock
		plugin-dir = ${folder}/usr/lib/mysql/plugin
		lc-messages-dir = ${folder}/usr/share/mysql
		character-sets-dir = ${folder}/usr/share/mysql/charsets
		plugin-load-add = auth_socket.so
		skip-networking
		mysqlx = OFF
		gtid-mode = ON
		enforce-gtid-consistency = ON
		`,
	);
	await web01.write(
		"/etc/systemd/system/mysql.service",
		`[Service]\nType=notify\nUser=mysql\nRuntimeDirectory=mysqld\nExecStart=${folder}/bin/mysqld\n[Install]\nWantedBy=multi-user.target\n`,
	);
	await web01.sh(
		`${folder}/bin/mysqld --initialize-insecure
		systemctl enable --now mysql
		mysql -e "ALTER USER 'root'@'localhost' IDENTIFIED WITH auth_socket"`,
	);
}

fulfilsContract({
	...tablesAndAllAround("MySQL", "mysql", (web01) => install(web01, programs.below("/opt/holdfast"))),
	skip: programs.missing,
});

test("a dump of MariaDB's is refused before anything is touched", {
	skip: noMachines ?? programs.missing,
}, async () => {
	const web02 = await machine("web02");
	await install(web02, programs.below("/opt/holdfast"));
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
	assert.match(stderr, /it was dumped by MariaDB 9, and the server here is MySQL 9/);
	assert.equal(await web02.sh("mysql -BNe 'SELECT n FROM shop.t'"), "1");
});
