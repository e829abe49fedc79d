// OpenLDAP's server, which Debian still starts with a System V script: systemd generates a unit for it that knows
// little about what it runs.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { type Machine, machine, noMachines } from "../machine/machine.ts";
import { installSlapd, slapdPrograms } from "../machine/slapd.ts";

describe("slapd", { skip: noMachines ?? slapdPrograms.missing }, () => {
	let web01: Machine;
	const search = () =>
		web01.sh(
			"ldapsearch -x -LLL -H ldap://127.0.0.1 -b dc=example,dc=org '(uid=*)' sn | sed -n 's/^sn: //p' | sort | xargs",
		);
	const isServed = () =>
		web01.sh("systemctl is-active slapd; pgrep -cx slapd; stat -c %U /var/lib/ldap/data.mdb | head -1");
	const holdfast = async (code: number, ...words: string[]) => {
		const output = await web01.holdfast(...words);
		assert.equal(output.code, code, output.stdout + output.stderr);
		return output.stdout + output.stderr;
	};
	const add = (uid: string) =>
		web01.sh(
			`printf 'dn: uid=${uid},dc=example,dc=org\\nobjectClass: inetOrgPerson\\ncn: ${uid}\\nsn: ${uid}\\n' | ldapadd -x -H ldap://127.0.0.1 -D cn=admin,dc=example,dc=org -w secret`,
		);

	before(async () => {
		web01 = await machine("web01");
		await installSlapd(web01);
		await web01.sh(`
			printf 'dn: dc=example,dc=org\\nobjectClass: domain\\ndc: example\\n' | runuser -u openldap -- slapadd -f /etc/ldap/slapd.conf
			systemctl start slapd
		`);
		await web01.write(
			"/etc/holdfast/holdfast.json",
			JSON.stringify({
				machines: {
					web01: {
						state: {
							ldap: {
								folders: ["/var/lib/ldap"],
								stopOnBackup: ["slapd.service"],
								stopOnRestore: ["slapd.service"],
								healthChecks: [{ script: "ldapsearch -x -H ldap://127.0.0.1 -s base -b dc=example,dc=org" }],
							},
						},
						providers: { tar: { destinations: { disk: { path: "/mnt/archives", mountpoint: false } } } },
					},
				},
			}),
		);
		await add("old");
	});

	test("is stopped for a backup, and serves again after it", async () => {
		const was = await web01.sh("pgrep -x slapd");
		await holdfast(0, "create");
		assert.equal(await isServed(), "active\n1\nopenldap");
		assert.notEqual(await web01.sh("pgrep -x slapd"), was);
	});

	test("serves what a restore brings, and after an undo what was there before", async () => {
		await add("newer");
		await holdfast(0, "restore", "--yes", "--keep-old", "1d", "tar", "latest");
		assert.deepEqual([await search(), await isServed()], ["old", "active\n1\nopenldap"]);
		const [run] = JSON.parse(await web01.sh("/opt/holdfast/bin/holdfast runs --json")) as { id: string }[];
		await holdfast(0, "undo", "--yes", String(run?.id));
		assert.deepEqual([await search(), await isServed()], ["newer old", "active\n1\nopenldap"]);
	});

	test("that is down, since its data are gone, comes up with them", async () => {
		await web01.sh("systemctl stop slapd; rm -rf /var/lib/ldap; systemctl start slapd || true");
		await holdfast(0, "restore", "--yes", "tar", "latest");
		assert.deepEqual([await search(), await isServed()], ["old", "active\n1\nopenldap"]);
	});

	test("is served by what was there when a run that died is recovered", async () => {
		await add("newer");
		await web01.run(["/opt/holdfast/bin/holdfast", "restore", "--yes", "tar", "latest"], {
			env: { HOLDFAST_FAULT: "kill@place:ldap:0#renamed" },
		});
		await holdfast(0, "recover");
		assert.deepEqual([await search(), await isServed()], ["newer old", "active\n1\nopenldap"]);
	});
});
