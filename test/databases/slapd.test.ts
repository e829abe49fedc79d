// OpenLDAP's server as a store that is dumped and loaded by commands, as the page about databases shows it.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Machine } from "../machine/machine.ts";
import { installSlapd, ROOT, slapdPrograms } from "../machine/slapd.ts";
import { fulfilsContract } from "./contract.ts";
import { storeOfPage } from "./store-of-page.ts";

const { folders, dumps, stopOnRestore } = storeOfPage("ldap");

const asRoot = `-x -H ldap://127.0.0.1 -D cn=admin,${ROOT} -w secret`;
const person = (uid: string) =>
	`dn: uid=${uid},${ROOT}\nobjectClass: inetOrgPerson\ncn: ${uid}\nsn: ${uid}\n\n`;
const change = (web01: Machine, program: string, ldif: string) =>
	web01.sh(`${program} ${asRoot} >/dev/null`, { input: ldif });

fulfilsContract({
	name: "OpenLDAP",
	skip: slapdPrograms.missing,
	units: [],
	stopOnRestore,
	folders,
	dump: dumps[0],
	whenGone: ["--in-place"],
	prepare: installSlapd,
	async fill(web01) {
		await web01.sh(
			"systemctl stop slapd; rm -f /var/lib/ldap/* /usr/local/sbin/slapcat; echo old >/etc/ldap/note",
		);
		await web01.sh("runuser -u openldap -- slapadd", {
			input: `dn: ${ROOT}\nobjectClass: domain\ndc: example\n\n${["one", "two", "three"].map(person).join("")}`,
		});
		await web01.sh("systemctl start slapd");
	},
	async change(web01) {
		await web01.sh("echo newer >/etc/ldap/note");
		await change(web01, "ldapadd", person("four") + person("five"));
		await change(web01, "ldapdelete", `uid=one,${ROOT}\n`);
		await change(web01, "ldapmodify", `dn: uid=two,${ROOT}\nchangetype: modify\nreplace: sn\nsn: newer\n`);
	},
	// With entryUUID, entryCSN and the like, which applications refer to.
	facts: (web01) =>
		web01.sh(
			`ldapsearch ${asRoot} -LLL -b ${ROOT} '*' '+' | sort; cat /etc/ldap/note; stat -c %U /var/lib/ldap/data.mdb; systemctl is-active slapd`,
		),
	destroy: async (web01) => void (await web01.sh("rm -f /var/lib/ldap/*")),
	breakDown: async (web01) => void (await web01.sh("mv /usr/sbin/slapcat /usr/sbin/gone")),
	repair: async (web01) => void (await web01.sh("mv /usr/sbin/gone /usr/sbin/slapcat")),
	async spoil(web01) {
		await web01.write("/usr/local/sbin/slapcat", '#!/bin/sh\n/usr/sbin/slapcat "$@" | head -c 300\nexit 1\n');
		await web01.sh("chmod 755 /usr/local/sbin/slapcat");
	},
	more({ web01, declare, holdfast, tidy }) {
		test("what is written between a crash and its recovery is dumped, and what was live comes back", async () => {
			await declare();
			await holdfast(0, "create", "--provider", "tar");
			await change(web01(), "ldapadd", person("four"));
			await web01().run(
				["/opt/holdfast/bin/holdfast", "restore", "--yes", "--service", "app", "tar", "latest"],
				{
					env: { HOLDFAST_FAULT: "kill@start:app#after" },
				},
			);
			await change(web01(), "ldapadd", person("meanwhile"));
			const said = await holdfast(0, "recover");
			const [, found = ""] = /a dump of that content is (\S+);/.exec(said) ?? [];
			assert.match(await web01().sh(`cat ${found}; rm ${found}`), /^dn: uid=meanwhile,/m);
			const live = await web01().sh(`ldapsearch ${asRoot} -LLL -b ${ROOT} dn`);
			assert.match(live, /uid=four,/);
			assert.doesNotMatch(live, /uid=meanwhile,/);
			await tidy();
		});
	},
	rowsChanged: /store ldap +bytes of its dump +\d+ +\d+/,
});
