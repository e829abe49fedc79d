// Valkey, with its own server and its own programs, which Debian 12 does not have; and its module.
import assert from "node:assert/strict";
import { test } from "node:test";
import { elsewhere } from "../elsewhere/elsewhere.ts";
import { type Machine, machine, noMachines } from "../machine/machine.ts";
import { datasets } from "./redis.ts";

const programs = elsewhere("trixie", "valkey-server", "valkey-tools");

/** Replaces Redis and its programs, as Debian's package of Valkey sets it up. */
async function install(web01: Machine): Promise<void> {
	const folder = programs.below("/opt/holdfast");
	await web01.sh(`
		rm -rf /usr/bin/redis* /etc/redis /var/lib/redis
		useradd --system valkey; install -d -o valkey -g valkey -m 0750 /var/lib/valkey /etc/valkey
		ln -s ${folder}/bin/valkey-* /usr/local/bin/
		cp ${folder}/etc/valkey/valkey.conf /etc/valkey/; chown valkey: /etc/valkey/valkey.conf
		sed -i 's/^logfile .*/logfile ""/' /etc/valkey/valkey.conf
	`);
	await web01.write(
		"/etc/systemd/system/valkey-server.service",
		"[Service]\nType=notify\nUser=valkey\nRuntimeDirectory=valkey\nExecStart=/usr/local/bin/valkey-server /etc/valkey/valkey.conf --supervised systemd --daemonize no\n[Install]\nWantedBy=multi-user.target\n",
	);
	await web01.sh("systemctl enable --now valkey-server");
}

datasets("Valkey", install, programs.missing);

test("the module valkey: seen by init, backed up, and brought back", {
	skip: noMachines ?? programs.missing,
}, async () => {
	const web02 = await machine("web02");
	await install(web02);
	await web02.sh(`
		systemctl stop valkey-server; cp -a /var/lib/valkey /var/lib/new; rm -rf /var/lib/valkey; mv /var/lib/new /var/lib/valkey
		systemctl start valkey-server; valkey-cli set greeting hello
	`);
	const { code, stdout, stderr } = await web02.holdfast("init");
	assert.equal(code, 0, stderr);
	assert.match(stdout, /protects: .*\bvalkey\b/);
	assert.equal((await web02.holdfast("create")).code, 0);
	await web02.sh("valkey-cli set greeting newer");
	const restored = await web02.holdfast("restore", "--yes", "--service", "valkey", "disk", "latest");
	assert.equal(restored.code, 0, restored.stderr);
	assert.equal(
		await web02.sh("until valkey-cli ping >/dev/null 2>&1; do sleep 0.1; done; valkey-cli get greeting"),
		"hello",
	);
	// Another product's dump is refused before anything is touched.
	await web02.sh(
		`grep -rl '"product"' --include='*.json' /var /mnt /srv | xargs sed -i 's/"product": *"Valkey"/"product":"Redis"/' || true`,
	);
	const refused = await web02.holdfast("restore", "--yes", "--service", "valkey", "disk", "latest");
	assert.match(refused.stderr, /it was dumped by Redis 8, which this server \(Valkey 8/);
	assert.equal(await web02.sh("valkey-cli get greeting"), "hello");
});
