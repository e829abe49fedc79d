// Modules with the real applications: `holdfast init` on a machine that runs them; then each is destroyed, restored
// and healthy.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { type Machine, machine, noMachines } from "../machine/machine.ts";
import { installSlapd, ROOT, slapdPrograms } from "../machine/slapd.ts";

interface Application {
	readonly service: string;
	/** Create data that must be restored. */
	readonly fill: string;
	/** The data that must be restored, as text. */
	readonly facts: string;
	readonly destroy: string;
}

const APPLICATIONS: readonly Application[] = [
	{
		service: "postgresql",
		fill: `runuser -u postgres -- psql -qc 'CREATE DATABASE shop' ; runuser -u postgres -- psql -qd shop -c 'CREATE TABLE item AS SELECT generate_series(1, 1000) AS n'`,
		facts: `runuser -u postgres -- psql -XAtd shop -c 'SELECT count(*), sum(n) FROM item'`,
		destroy: "runuser -u postgres -- psql -qc 'DROP DATABASE shop'",
	},
	{
		service: "mariadb",
		fill: `mariadb -e 'CREATE DATABASE shop; CREATE TABLE shop.item (n INT); INSERT INTO shop.item VALUES (1), (2); CREATE VIEW shop.many AS SELECT count(*) FROM shop.item'`,
		facts: "mariadb -Ne 'SELECT * FROM shop.item; SELECT * FROM shop.many'",
		destroy: "mariadb -e 'DROP DATABASE shop'",
	},
	{
		service: "redis",
		fill: "redis-cli set greeting hello >/dev/null",
		facts: "until redis-cli ping >/dev/null 2>&1; do sleep 0.1; done; redis-cli get greeting",
		destroy: "redis-cli flushall >/dev/null; redis-cli save >/dev/null",
	},
	{
		service: "prometheus",
		// It stores measurements of itself; for a query about a past time, the answer is always the same.
		fill: `
			ask() { curl -sf --data-urlencode "query=count_over_time(up[1h])" --data "time=$1" http://127.0.0.1:9090/api/v1/query; }
			until ask "$(date +%s)" | grep -q '"value"'; do sleep 0.5; done
			date +%s >/root/measured
		`,
		facts: `
			until curl -sf http://127.0.0.1:9090/-/ready >/dev/null; do sleep 0.2; done
			curl -sf --data-urlencode "query=count_over_time(up[1h])" --data "time=$(cat /root/measured)" http://127.0.0.1:9090/api/v1/query
		`,
		destroy: "systemctl stop prometheus; rm -rf /var/lib/prometheus/metrics2/*; systemctl start prometheus",
	},
	{
		service: "mosquitto",
		fill: "mosquitto_pub -r -t house/door -m shut",
		facts: "mosquitto_sub -t house/door -C 1 -W 10",
		destroy: "mosquitto_pub -r -n -t house/door; systemctl restart mosquitto",
	},
	{
		service: "mail",
		fill: `
			id -u vmail >/dev/null 2>&1 || useradd --system --home /var/vmail vmail
			mkdir -p /var/vmail/anna/{cur,new,tmp}
			printf 'From: a@b\\nSubject: hello\\n\\ntext\\n' >'/var/vmail/anna/cur/1.host:2,S'
			chown -R vmail: /var/vmail; chmod -R go= /var/vmail
		`,
		facts: `
			runuser -u vmail -- env HOME=/var/vmail/anna USER=vmail doveadm -o mail_location=maildir:/var/vmail/anna mailbox status messages INBOX
			cat /var/vmail/anna/cur/*; stat -c '%a %U' /var/vmail /var/vmail/anna/cur/*; systemctl is-active dovecot
		`,
		destroy: "rm -rf /var/vmail",
	},
	{
		service: "letsencrypt",
		fill: `
			mkdir -p /etc/letsencrypt/{archive,live}/example.org
			openssl req -x509 -newkey rsa:2048 -nodes -days 90 -subj /CN=example.org -keyout /etc/letsencrypt/archive/example.org/privkey1.pem -out /etc/letsencrypt/archive/example.org/fullchain1.pem 2>/dev/null
			for name in privkey fullchain; do ln -s ../../archive/example.org/\${name}1.pem /etc/letsencrypt/live/example.org/$name.pem; done
			chmod 700 /etc/letsencrypt/{archive,live}; chmod 600 /etc/letsencrypt/archive/example.org/privkey1.pem
		`,
		facts: `cd /etc/letsencrypt; find . -printf '%p %y %m %l\\n' | sort; openssl x509 -noout -fingerprint -in live/example.org/fullchain.pem; sha256sum archive/example.org/*`,
		destroy: "rm -rf /etc/letsencrypt/live /etc/letsencrypt/archive",
	},
	...(slapdPrograms.missing
		? []
		: [
				{
					service: "slapd",
					fill: `
						printf 'dn: ${ROOT}\\nobjectClass: domain\\ndc: example\\n\\ndn: cn=anna,${ROOT}\\nobjectClass: person\\ncn: anna\\nsn: a\\n' | runuser -u openldap -- slapadd
						systemctl start slapd
					`,
					facts: `ldapsearch -x -LLL -H ldap://127.0.0.1 -D cn=admin,${ROOT} -w secret -b ${ROOT} '*' '+' | sort; cat /etc/ldap/slapd.conf`,
					destroy: `ldapdelete -x -H ldap://127.0.0.1 -D cn=admin,${ROOT} -w secret cn=anna,${ROOT}; echo "# newer" >>/etc/ldap/slapd.conf`,
				},
			]),
	{
		service: "counter",
		fill: "until [ -s /var/lib/counter/count ]; do sleep 0.1; done; systemctl stop counter; echo 7 >/var/lib/counter/kept; systemctl start counter",
		facts: "readlink /var/lib/counter; cat /var/lib/counter/kept; systemctl is-active counter",
		destroy: "rm -rf /var/lib/private/counter/*",
	},
];

describe("modules on their applications", { skip: noMachines }, () => {
	let web01: Machine;
	const old = new Map<string, string>();

	before(async () => {
		web01 = await machine("web01", {
			units: [
				"postgresql.service",
				"mariadb.service",
				"redis-server.service",
				"prometheus.service",
				"mosquitto.service",
				"dovecot.service",
			],
		});
		await web01.write(
			"/etc/systemd/system/counter.service",
			"[Service]\nDynamicUser=yes\nStateDirectory=counter\nExecStart=/bin/sh -c 'while :; do date +%%s >/var/lib/counter/count; sleep 1; done'\n[Install]\nWantedBy=multi-user.target\n",
		);
		if (!slapdPrograms.missing) await installSlapd(web01);
		await web01.sh(`
			systemctl enable -q --now counter
			# As many services as a server has.
			for n in $(seq 40); do printf '[Service]\\nExecStart=/bin/true\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/service-$n.service; done
			systemctl enable -q service-{1..40}
			until runuser -u postgres -- pg_isready -q && mariadb-admin ping >/dev/null 2>&1; do sleep 0.2; done
			# A folder of the layer below cannot be renamed on an overlay filesystem, which this machine's root is.
			systemctl stop redis-server prometheus mosquitto
			for folder in /var/lib/{redis,prometheus,mosquitto} /etc/mosquitto; do cp -a $folder $folder.own; rm -rf $folder; mv $folder.own $folder; done
			systemctl start redis-server prometheus mosquitto
			# Debian's configuration wants a certificate of a package that is only recommended.
			sed -i 's/^ssl_/#ssl_/; s/^ssl = .*/ssl = no/' /etc/dovecot/conf.d/10-ssl.conf
			systemctl restart dovecot
		`);
		for (const { service, fill, facts } of APPLICATIONS) {
			await web01.sh(fill);
			old.set(service, await web01.sh(facts));
		}
	});

	test("init sees them, and what it writes is a config that backs them up", async () => {
		const { code, stdout, stderr } = await web01.holdfast("init");
		assert.equal(code, 0, stdout + stderr);
		const found = ["postgresql", "mariadb", "redis", "prometheus", "mosquitto", "letsencrypt"];
		for (const name of [...found, ...(slapdPrograms.missing ? [] : ["slapd"])])
			assert.match(stdout, new RegExp(`protects: .*\\b${name}\\b`));
		const text = await web01.sh("cat /etc/holdfast/holdfast.yaml");
		assert.match(text, /# +counter: \{ unit: counter\.service, stateDirectory: \[counter\] \}/);
		assert.equal(await web01.sh("stat -c %a /etc/holdfast/holdfast.yaml"), "600");
		const again = await web01.holdfast("init");
		assert.equal(again.code, 2);
		assert.match(again.stderr, /already exists/);
		const created = await web01.holdfast("create");
		assert.equal(created.code, 0, created.stderr);
	});

	test("with the lines that a person adds, all of them are in one archive", async () => {
		await web01.sh(
			"sed -i 's/^      # systemd-service:/      systemd-service:/; s/^      #   counter:/        counter:/' /etc/holdfast/holdfast.yaml",
		);
		const { code, stderr } = await web01.holdfast("create");
		assert.equal(code, 0, stderr);
		const { archives } = JSON.parse((await web01.holdfast("list", "--json")).stdout);
		const { states } = archives.at(-1).metadata;
		for (const { service } of APPLICATIONS) assert.equal(states[service]?.outcome, "good", service);
	});

	for (const { service, facts, destroy } of APPLICATIONS)
		test(`${service}: destroyed, restored, healthy`, async () => {
			await web01.sh(destroy);
			assert.notEqual(await web01.sh(`(${facts}) 2>&1 || true`), old.get(service));
			const { code, stderr } = await web01.holdfast(
				"restore",
				"--yes",
				"--service",
				service,
				"disk",
				"latest",
			);
			assert.equal(code, 0, stderr);
			assert.equal(await web01.sh(facts), old.get(service));
		});
});
