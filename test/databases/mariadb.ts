// A MariaDB or MySQL database with everything that one can contain: tables with foreign keys, views, triggers,
// routines, events, grants.
import type { Machine } from "../machine/machine.ts";
import type { Kind } from "./contract.ts";

// mariadb-dump 10.11 fails on a name with quotes when there are events (it selects the name as it escaped it).
const ODD = "odd`name; -- ü";
const quoted = (name: string) => `\`${name.replaceAll("`", "``")}\``;

/**
 * `client` is its program, and the name of its unit; `install` runs once on its machine, and leaves the server
 * running.
 */
export const tablesAndAllAround = (
	name: string,
	client: "mariadb" | "mysql",
	install: (web01: Machine) => Promise<void>,
): Kind => {
	const sql = (web01: Machine, statements: string) =>
		web01.sh(`${client} --batch --skip-column-names`, { input: statements });
	return {
		name,
		units: [`${client}.service`],
		stopOnRestore: ["app.service"],
		folders: ["/srv/app"],
		dump: { mariadb: ODD },
		async prepare(web01) {
			await install(web01);
			await sql(
				web01,
				`CREATE USER 'app'@'localhost' IDENTIFIED BY 'pw'; CREATE DATABASE another; CREATE TABLE another.t (n INT); INSERT INTO another.t VALUES (1)`,
			);
			await web01.write("/etc/systemd/system/app.service", "[Service]\nExecStart=/bin/sleep infinity\n");
		},
		async fill(web01) {
			const db = quoted(ODD);
			await sql(
				web01,
				`
			DROP DATABASE IF EXISTS ${db};
			CREATE DATABASE ${db} CHARACTER SET utf8mb4 COLLATE utf8mb4_swedish_ci;
			USE ${db};
			CREATE TABLE parent (id INT PRIMARY KEY) ENGINE=InnoDB;
			CREATE TABLE child (id INT AUTO_INCREMENT PRIMARY KEY, p INT, txt TEXT, bin BLOB, CONSTRAINT fk FOREIGN KEY (p) REFERENCES parent (id)) ENGINE=InnoDB;
			INSERT INTO parent VALUES (1), (2);
			INSERT INTO child (p, txt, bin) VALUES (1, 'a\\n(b ü', X'00FF27'), (2, 'c', NULL), (2, NULL, X'5C');
			CREATE VIEW v AS SELECT c.id, p.id AS pid FROM child c JOIN parent p ON p.id = c.p;
			CREATE VIEW w AS SELECT * FROM v;
			${client === "mariadb" ? "CREATE SEQUENCE seq START WITH 10;" : ""}
			DELIMITER //
			CREATE TRIGGER trg BEFORE INSERT ON child FOR EACH ROW BEGIN SET NEW.txt = CONCAT(NEW.txt, '!'); END//
			CREATE PROCEDURE pr() BEGIN SELECT COUNT(*) FROM child; END//
			CREATE FUNCTION fn() RETURNS INT DETERMINISTIC RETURN 7//
			CREATE EVENT ev ON SCHEDULE EVERY 1 DAY DO DELETE FROM child WHERE id > 100//
			DELIMITER ;
			GRANT ALL ON ${quoted(ODD.replace(/[_%]/g, "\\$&"))}.* TO 'app'@'localhost';
			`,
			);
			await web01.sh("mkdir -p /srv/app; systemctl start app");
		},
		async change(web01) {
			await sql(
				web01,
				`USE ${quoted(ODD)}; DELETE FROM child WHERE id = 1; UPDATE child SET txt = 'newer'; DROP VIEW w; DROP VIEW v; DROP TRIGGER trg; DROP EVENT ev; DROP PROCEDURE pr; CREATE FUNCTION fresh() RETURNS INT DETERMINISTIC RETURN 8; CREATE TABLE extra (n INT); INSERT INTO extra VALUES (1); ALTER DATABASE ${quoted(ODD)} COLLATE utf8mb4_bin`,
			);
		},
		facts: async (web01) =>
			[
				await sql(
					web01,
					`
				USE ${quoted(ODD)};
				SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1;
				SELECT *, HEX(bin) FROM child ORDER BY id; SELECT * FROM parent ORDER BY id;
				SHOW TRIGGERS; SELECT event_name, event_definition FROM information_schema.events WHERE event_schema = DATABASE();
				SELECT routine_name, routine_definition FROM information_schema.routines WHERE routine_schema = DATABASE() ORDER BY 1;
				SELECT view_definition FROM information_schema.views WHERE table_schema = DATABASE() ORDER BY table_name;
				SELECT * FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE();
				SELECT default_collation_name FROM information_schema.schemata WHERE schema_name = DATABASE();
				`,
				).then((text) => text.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?/g, "")),
				await sql(
					web01,
					"SHOW DATABASES WHERE `Database` NOT LIKE 'holdfast%'; SELECT * FROM another.t; SHOW GRANTS FOR 'app'@'localhost'; SET @h = 1 /*!80017 , SESSION print_identified_with_as_hex = ON */; SHOW CREATE USER 'app'@'localhost'",
				),
				await web01.sh("systemctl is-active app"),
			].join("\n"),
		async destroy(web01) {
			await sql(web01, `DROP DATABASE ${quoted(ODD)}; DROP USER 'app'@'localhost'`);
			await web01.sh("rm -rf /srv/app");
		},
		breakDown: async (web01) => void (await web01.sh(`systemctl stop ${client}`)),
		repair: async (web01) => void (await web01.sh(`systemctl start ${client}`)),
		// A table without its rows.
		spoil: async (web01) =>
			void (await sql(
				web01,
				`USE ${quoted(ODD)}; CREATE TABLE zz_gone (n INT) ENGINE=InnoDB; ALTER TABLE zz_gone DISCARD TABLESPACE`,
			)),
		rowsChanged: /M\w+ database odd.* +child +2 +3\n(.*\n)?.*extra +1 +-/,
	};
};
