// Modules whose applications cannot be installed here: a stand-in with the same units, folders, owners and database
// settings is backed up, changed, restored and healthy.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { declares } from "../../src/modules/describe.ts";
import { LIBRARY } from "../../src/modules/library.ts";
import { type Machine, machine, noMachines } from "../machine/machine.ts";

/** Options for modules that declare nothing without them. */
const OPTIONS: Readonly<Record<string, object>> = {
	volumes: { shop: { volumes: ["shop_data"], units: ["shop.service"] } },
	wireguard: { interfaces: ["wg0"] },
};

const optionsOf = (name: string, nixos: boolean) =>
	nixos && name === "postfix" ? { spool: "/var/spool/mail" } : (OPTIONS[name] ?? {});

/** Folders of states that are files. */
const isFile = (folder: string) =>
	/\.(env|env\.production|yaml|yml|toml|conf|json)$|^\/etc\/default\//.test(folder);

/** With DynamicUser= on NixOS: their folder below /var/lib is a link into /var/lib/private. */
const DYNAMIC =
	"actual adguard-home alertmanager n8n navidrome ntfy open-webui prowlarr step-ca uptime-kuma".split(" ");

const METADATA = "/var/lib/garage/meta";
/** What an application has in addition to the marker. */
const MORE: Readonly<Record<string, string>> = {
	garage: `mkdir -p ${METADATA}/snapshots/2026-01-02T03:04:05Z; echo metadata >${METADATA}/db.sqlite; garage meta snapshot; chown -R app: ${METADATA}`,
};

/** Responds while its first file is unchanged and it can read its SQLite file. */
const SERVER = `
import http.server, socketserver, sys
port, marker = int(sys.argv[1]), sys.argv[2]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if open(marker).read().strip() else 500); self.end_headers(); self.wfile.write(b"ok")
    def log_message(self, *args): pass
# Not HTTPServer: it asks the name service who 127.0.0.1 is before it listens, and there is none here.
class Server(socketserver.ThreadingTCPServer): allow_reuse_address = True
Server(("127.0.0.1", port), Handler).serve_forever()
`;

describe("modules on stand-ins of their applications", { skip: noMachines }, () => {
	let web01: Machine;
	before(async () => {
		web01 = await machine("web01", { units: ["postgresql.service", "mariadb.service"] });
		await web01.write("/opt/stand-in.py", SERVER);
		for (const [name, answer] of Object.entries({
			"zerotier-cli": "echo 200 info 1234567890 1.14 OFFLINE",
			headscale: "true",
			garage: `[ "$*" != "meta snapshot" ] || cp -a ${METADATA}/db.sqlite ${METADATA}/snapshots/2026-01-02T03:04:05Z/`,
			wg: "true",
			rndc: "true",
			"nextcloud-occ": "true",
			php: 'echo "$(id -un): $*" >>/var/log/occ',
		}))
			await web01.write(`/usr/local/bin/${name}`, `#!/bin/sh\n${answer}\n`, "0755");
		await web01.sh(
			"touch /var/log/occ; chmod 666 /var/log/occ; until runuser -u postgres -- pg_isready -q && mariadb-admin ping >/dev/null 2>&1; do sleep 0.2; done",
		);
	});

	const psql = (database: string, sql: string) =>
		web01.sh('cd /; runuser -u postgres -- psql -XqAt -v ON_ERROR_STOP=1 -d "$DB"', {
			input: sql,
			env: { DB: database },
		});
	const mariadb = (sql: string) => web01.sh("mariadb -N", { input: sql });
	const holdfast = async (...words: string[]) => {
		const { code, stdout, stderr } = await web01.holdfast(...words);
		assert.equal(code, 0, `holdfast ${words.join(" ")}\n${stdout}${stderr}`);
		return stdout + stderr;
	};

	const layouts = [...LIBRARY.values()].flatMap((module) => {
		const declared = (nixos: boolean) =>
			declares(module, LIBRARY, optionsOf(module.name, nixos), nixos).state;
		const differs = JSON.stringify(declared(true)) !== JSON.stringify(declared(false));
		return differs || DYNAMIC.includes(module.name)
			? [
					{ module, nixos: false },
					{ module, nixos: true },
				]
			: [{ module, nixos: false }];
	});
	for (const { module, nixos } of layouts) {
		if (module.proven !== "stand-in") continue;
		test(`${module.name}${nixos ? " on NixOS" : ""}: backed up, changed, restored, healthy`, async () => {
			const options = optionsOf(module.name, nixos);
			const { state, faults } = declares(module, LIBRARY, options, nixos);
			assert.deepEqual(faults, []);
			const [[name = "", declared = {}] = []] = Object.entries(state);
			const { folders = [], dumps = [], stopOnRestore = [], healthChecks = [] } = declared;
			const units = stopOnRestore.map((unit) => (typeof unit === "string" ? unit : unit.unit));
			const address = healthChecks.map((check) => ("http" in check ? check.http : "")).join("");
			const port = address === "" ? "" : new URL(address).port || "80";
			const marker = isFile(folders[0] ?? "") ? folders[0] : `${folders[0]}/marker`;

			await web01.sh(`useradd --system app 2>/dev/null || true; rm -rf /mnt/archives/* ${folders.join(" ")}`);
			const links = nixos && DYNAMIC.includes(module.name) ? folders.slice(0, 1) : [];
			for (const [, name = ""] of links.map((folder) => folder.split("/").slice(2)))
				await web01.sh(
					"cd /var/lib; rm -rf $NAME private/$NAME; mkdir -p private/$NAME; chmod 711 private private/$NAME; ln -s private/$NAME $NAME",
					{ env: { NAME: name } },
				);
			for (const folder of folders)
				await web01.sh(
					isFile(folder)
						? `mkdir -p "$(dirname ${folder})"; echo SECRET=1 >${folder}`
						: `mkdir -p ${folder}/deep; echo old >${folder}/marker; ln -s marker ${folder}/link; chown -RH app: ${folder}; chmod 600 ${folder}/marker`,
				);
			const write = async (content: string) => {
				for (const folder of folders)
					await web01.sh(`echo ${content} >${isFile(folder) ? folder : `${folder}/marker`}`);
				for (const dump of dumps) {
					if ("postgresql" in dump) await psql(dump.postgresql, `UPDATE t SET v = '${content}'`);
					else if ("mariadb" in dump) await mariadb(`UPDATE \`${dump.mariadb}\`.t SET v = '${content}'`);
					else if ("sqlite" in dump)
						await web01.sh(`runuser -u app -- sqlite3 ${dump.sqlite} "UPDATE t SET v = '${content}'"`);
				}
			};
			for (const dump of dumps) {
				if ("postgresql" in dump) {
					await psql(
						"postgres",
						`CREATE DATABASE "${dump.postgresql}" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`,
					);
					await psql(dump.postgresql, "CREATE TABLE t (v text); INSERT INTO t VALUES ('')");
				} else if ("mariadb" in dump)
					await mariadb(
						`CREATE DATABASE \`${dump.mariadb}\`; CREATE TABLE \`${dump.mariadb}\`.t (v TEXT); INSERT INTO \`${dump.mariadb}\`.t VALUES ('')`,
					);
				else if ("sqlite" in dump)
					await web01.sh(
						`mkdir -p $(dirname ${dump.sqlite}); chown -RH app: ${folders[0]}; runuser -u app -- sqlite3 ${dump.sqlite} "PRAGMA journal_mode = WAL; CREATE TABLE t (v); INSERT INTO t VALUES ('')"`,
					);
			}
			await write("old");
			await web01.sh(MORE[module.name] ?? "true");
			const run = (index: number) =>
				index === 0 && port ? `/usr/bin/python3 /opt/stand-in.py ${port} ${marker}` : "/bin/sleep infinity";
			for (const [index, unit] of units.entries())
				await web01.write(
					`/etc/systemd/system/${unit}`,
					unit.endsWith(".timer") ? "[Timer]\nOnCalendar=*-1-1\n" : `[Service]\nExecStart=${run(index)}\n`,
				);
			for (const service of units.map((unit) => unit.replace(/\.timer$/, ".service")))
				await web01.sh(
					`[ -e /etc/systemd/system/${service} ] || printf '[Service]\\nExecStart=/bin/true\\n' >/etc/systemd/system/${service}`,
				);
			await web01.sh(
				`systemctl daemon-reload; systemctl start ${units.join(" ")} || [ -z "${units.join("")}" ]`,
			);
			await web01.write(
				"/etc/holdfast/holdfast.json",
				JSON.stringify({
					machines: {
						web01: {
							...(nixos ? { system: "nixos" } : {}),
							services: { [module.name]: options },
							state: { [name]: { settle: 0 } },
							providers: { tar: { destinations: { disk: { path: "/mnt/archives" } } } },
						},
					},
				}),
			);
			const facts = async () => {
				const found: string[] = [];
				for (const folder of folders)
					found.push(
						await web01.sh(
							`find -H ${folder} -not -name '*-wal' -not -name '*-shm' -printf '%p %y %m %u %l\\n' | sort; cat ${isFile(folder) ? folder : `${folder}/marker`}`,
						),
					);
				for (const dump of dumps) {
					if ("postgresql" in dump)
						found.push(
							await psql(
								dump.postgresql,
								"SELECT v, datcollate FROM t, pg_database WHERE datname = current_database()",
							),
						);
					else if ("mariadb" in dump) found.push(await mariadb(`SELECT * FROM \`${dump.mariadb}\`.t`));
					else if ("sqlite" in dump)
						found.push(
							await web01.sh(
								`runuser -u app -- sqlite3 ${dump.sqlite} 'SELECT v FROM t; PRAGMA journal_mode'`,
							),
						);
				}
				if (units.length > 0) found.push(await web01.sh(`systemctl is-active ${units.join(" ")}`));
				return found.join("\n");
			};

			const old = await facts();
			await holdfast("create");
			await write("newer");
			for (const folder of folders)
				if (!isFile(folder)) await web01.sh(`echo x >${folder}/extra; rm ${folder}/link`);
			assert.notEqual(await facts(), old);
			await holdfast("restore", "--yes", "--service", name, "tar", "latest");
			assert.equal(await facts(), old);
			if (units.length > 0) await web01.sh(`systemctl stop ${units.join(" ")}`);
			for (const dump of dumps) {
				if ("postgresql" in dump) await psql("postgres", `DROP DATABASE "${dump.postgresql}"`);
				if ("mariadb" in dump) await mariadb(`DROP DATABASE \`${dump.mariadb}\``);
			}
		});
	}

	test("nextcloud was in maintenance mode for the backup, out of it after, and told its clients of the restore", async () => {
		const said = (await web01.sh("cat /var/log/occ")).split("\n");
		assert.deepEqual(said, [
			"www-data: /var/www/nextcloud/occ maintenance:mode --on",
			"www-data: /var/www/nextcloud/occ maintenance:mode --off",
			"www-data: /var/www/nextcloud/occ maintenance:mode --off",
			"www-data: /var/www/nextcloud/occ maintenance:data-fingerprint",
			"www-data: /var/www/nextcloud/occ status",
		]);
	});

	test("restore --service matrix-synapse from a storage box: its database and media, and no other application's", async () => {
		await web01.sh(`
			useradd --system matrix-synapse 2>/dev/null || true
			mkdir -p /var/lib/matrix-synapse/media/local_content /var/lib/matrix-synapse/media/remote_content /etc/matrix-synapse
			echo picture >/var/lib/matrix-synapse/media/local_content/picture; echo theirs >/var/lib/matrix-synapse/media/remote_content/copy
			echo key >/etc/matrix-synapse/homeserver.signing.key; chmod 600 /etc/matrix-synapse/homeserver.signing.key
			chown -R matrix-synapse: /var/lib/matrix-synapse
			mkdir -p /root/secrets; echo correct horse >/root/secrets/borg
		`);
		await psql(
			"postgres",
			`CREATE ROLE "matrix-synapse" LOGIN; CREATE DATABASE "matrix-synapse" OWNER "matrix-synapse" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'; CREATE DATABASE wiki`,
		);
		await psql(
			"matrix-synapse",
			`SET ROLE "matrix-synapse"; CREATE TABLE events (id int, body text); INSERT INTO events SELECT n, 'old' FROM generate_series(1, 5000) AS n; CREATE TABLE e2e_one_time_keys_json (key text); INSERT INTO e2e_one_time_keys_json VALUES ('used once')`,
		);
		await psql("wiki", "CREATE TABLE page (n int); INSERT INTO page VALUES (1)");
		await web01.write(
			"/etc/systemd/system/matrix-synapse.service",
			"[Service]\nUser=matrix-synapse\nExecStart=/usr/bin/python3 /opt/stand-in.py 8008 /var/lib/matrix-synapse/media/local_content/picture\n",
		);
		await web01.sh("systemctl daemon-reload; systemctl start matrix-synapse; rm -rf /srv/storagebox");
		await web01.sh("rm /etc/holdfast/holdfast.json");
		await web01.write(
			"/etc/holdfast/holdfast.yaml",
			`
machines:
  web01:
    services:
      matrix-synapse: {}
      postgresql: {}
    providers:
      borgbackup:
        destinations:
          storagebox: { repo: /srv/storagebox, passphraseFile: /root/secrets/borg }
`,
		);
		await holdfast("create", "web01");
		const { archives } = JSON.parse(await holdfast("list", "web01", "--json"));
		const [{ id, metadata }] = archives;
		assert.deepEqual(Object.keys(metadata.states), ["matrix-synapse", "postgresql"]);
		assert.match(id, /^storagebox::\/srv\/storagebox::web01-/);

		await psql("matrix-synapse", "UPDATE events SET body = 'newer'; DELETE FROM events WHERE id > 10");
		await web01.sh(
			"echo newer >/var/lib/matrix-synapse/media/local_content/picture; rm /etc/matrix-synapse/homeserver.signing.key",
		);
		await psql("wiki", "INSERT INTO page VALUES (2)");
		const session = web01.sh(
			"cd /; runuser -u postgres -- psql -XqAtd wiki -c \"SELECT pg_sleep(10), 'the session lived'\"",
		);
		const said = await holdfast("restore", "--yes", "--service", "matrix-synapse", "web01", "borgbackup", id);
		assert.match(said, /stop matrix-synapse\.service/);

		assert.equal(
			await psql("matrix-synapse", "SELECT count(*), min(body), max(body) FROM events"),
			"5000|old|old",
		);
		assert.equal(await psql("matrix-synapse", "SELECT count(*) FROM e2e_one_time_keys_json"), "0");
		assert.equal(
			await psql(
				"postgres",
				"SELECT pg_get_userbyid(datdba), datcollate, datctype FROM pg_database WHERE datname = 'matrix-synapse'",
			),
			"matrix-synapse|C|C",
		);
		assert.equal(
			await web01.sh(
				"cat /var/lib/matrix-synapse/media/local_content/picture; stat -c '%U' /var/lib/matrix-synapse/media; cat /etc/matrix-synapse/homeserver.signing.key; stat -c %a /etc/matrix-synapse/homeserver.signing.key; systemctl is-active matrix-synapse; ls /var/lib/matrix-synapse/media",
			),
			"picture\nmatrix-synapse\nkey\n600\nactive\nlocal_content",
		);
		assert.equal(await psql("wiki", "SELECT count(*) FROM page"), "2");
		assert.match(await session, /the session lived/);
	});
});
