// A real MySQL on a test machine, which Debian 12 does not have.
import { elsewhere } from "../elsewhere/elsewhere.ts";
import type { Machine } from "../machine/machine.ts";

export const mysqlPrograms = elsewhere("sid", "mysql-server-core", "mysql-client-core");

/** Replaces MariaDB and its programs, as Debian's and Ubuntu's packages of MySQL set it up. */
export async function installMysql(web01: Machine, data = "/var/lib/mysql"): Promise<void> {
	const folder = mysqlPrograms.below("/opt/holdfast");
	await web01.sh(
		`rm -rf /usr/bin/mariadb* /usr/bin/mysql* /usr/sbin/mariadb* /usr/sbin/mysql* /etc/mysql /var/lib/mysql
		mkdir -p /etc/mysql; install -d -o mysql -g mysql ${data} /var/lib/mysql-files
		ln -s ${folder}/bin/mysql ${folder}/bin/mysqldump /usr/local/bin/`,
	);
	await web01.write(
		"/etc/mysql/my.cnf",
		`[client]
		socket = /run/mysqld/mysqld.sock
		[mysqld]
		user = mysql
		datadir = ${data}
		socket = /run/mysqld/mysqld.sock
		plugin-dir = ${folder}/usr/lib/mysql/plugin
		lc-messages-dir = ${folder}/usr/share/mysql
		character-sets-dir = ${folder}/usr/share/mysql/charsets
		plugin-load-add = auth_socket.so
		skip-networking
		mysqlx = OFF
		gtid-mode = ON
		enforce-gtid-consistency = ON
		innodb-redo-log-capacity = 8M
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
