// OpenLDAP's server on a machine, installed as Debian's package would, without an entry yet. It is not started.
import { elsewhere } from "../elsewhere/elsewhere.ts";
import type { Machine } from "./machine.ts";

export const slapdPrograms = elsewhere("bookworm", "slapd", "ldap-utils");
export const ROOT = "dc=example,dc=org";

const CONFIG = `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile /run/slapd/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
suffix ${ROOT}
rootdn cn=admin,${ROOT}
rootpw secret
directory /var/lib/ldap
`;

export async function installSlapd(web01: Machine): Promise<void> {
	const folder = slapdPrograms.below("/opt/holdfast");
	await web01.write("/etc/ldap/slapd.conf", CONFIG);
	await web01.write(
		"/etc/default/slapd",
		'SLAPD_CONF=/etc/ldap/slapd.conf\nSLAPD_USER=openldap\nSLAPD_GROUP=openldap\nSLAPD_SERVICES="ldap://127.0.0.1/"\n',
	);
	await web01.sh(`
		cp -an ${folder}/usr/. /usr/; [ ! -e ${folder}/lib ] || cp -an ${folder}/lib/. /usr/lib/
		cp -an ${folder}/etc/ldap/schema /etc/ldap/; cp ${folder}/etc/init.d/slapd /etc/init.d/; ldconfig
		id -u openldap >/dev/null 2>&1 || useradd --system openldap; install -d -o openldap -g openldap -m 0700 /var/lib/ldap
		# A folder of the layer below cannot be renamed on an overlay filesystem, which this machine's root is.
		cp -a /etc/ldap /etc/new; rm -rf /etc/ldap; mv /etc/new /etc/ldap
		update-rc.d slapd defaults; systemctl daemon-reload
	`);
}
