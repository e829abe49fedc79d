// docs/how-to/fleet.md, followed on four machines, with stand-ins for Nextcloud, for PHP and for sudo.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { letIn } from "../fleet/keys.ts";
import { type Machine, machine, noMachines } from "../machine/machine.ts";
import { blockOf, follow } from "./page.ts";

const FLEET = "docs/how-to/fleet.md";

describe(FLEET, { skip: noMachines }, () => {
	let laptop: Machine;
	let web01: Machine;
	let web02: Machine;

	before(async () => {
		laptop = await machine("laptop");
		web01 = await machine("web01", { units: ["ssh.service", "mariadb.service"] });
		web02 = await machine("web02", { units: ["ssh.service", "mariadb.service"] });
		const nas = await machine("nas", { units: ["ssh.service"] });
		await letIn(laptop, [web01, web02, nas]);
		for (const web of [web01, web02]) {
			await web.write("/usr/local/bin/php", "#!/bin/sh\nexit 0\n", "0755");
			await web.write("/etc/systemd/system/php8.4-fpm.service", "[Service]\nExecStart=/bin/sleep inf\n");
			await web.write("/var/www/nextcloud/data/ada/letter.txt", "Dear Ada\n");
			await web.sh(`
				systemctl start php8.4-fpm
				mariadb -e 'CREATE DATABASE nextcloud; CREATE TABLE nextcloud.oc_users (uid INT); INSERT INTO nextcloud.oc_users VALUES (1)'
			`);
		}
		await web02.write(
			"/usr/local/bin/sudo",
			`#!/bin/sh\ntest "$1" = -n && shift; test "$1" != -- || shift; exec "$@"\n`,
			"0755",
		);
		await web02.sh(`
			useradd --non-unique --uid 0 --create-home admin
			install -d -m 0700 ~admin/.ssh
			mv /root/.ssh/authorized_keys ~admin/.ssh/
			sed -i '1i Port 2222' /etc/ssh/sshd_config
			systemctl restart ssh
		`);
		await laptop.sh("ssh-keyscan -p 2222 web02 >>/root/.ssh/known_hosts 2>/dev/null");
		await laptop.write("/root/fleet/holdfast.yaml", blockOf(FLEET, "# fleet/holdfast.yaml"));
		await laptop.sh("ln -sf /opt/holdfast/bin/holdfast /usr/local/bin/holdfast");
	});

	test("each line does what the page says", async () => {
		const letter = "/var/www/nextcloud/data/ada/letter.txt";
		await follow(FLEET, async ({ line }) => {
			if (line.includes("restore")) await web01.sh(`rm ${letter}; mariadb -e 'DROP DATABASE nextcloud'`);
			const words = line.replace(/^holdfast (deploy|restore) .*/, "$& --yes");
			return laptop.sh(`${words} 2>&1`, { cwd: "/root/fleet" });
		});
		assert.equal(await web01.sh(`cat ${letter}`), "Dear Ada");
		assert.equal(await web01.sh("mariadb -Ne 'SELECT uid FROM nextcloud.oc_users'"), "1");
	});
});
