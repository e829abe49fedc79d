// What a laptop skips if configured to: runs on battery, and on a metered connection. NetworkManager is real; the
// battery is a stand-in for the kernel's files.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { elsewhere } from "../elsewhere/elsewhere.ts";
import { type Machine, machine, noMachines } from "../machine/machine.ts";

const networkManager = elsewhere("bookworm", "network-manager");

describe("what is due is skipped where that is asked for", { skip: noMachines }, () => {
	let laptop: Machine;
	before(async () => {
		laptop = await machine("laptop", { capabilities: ["CAP_NET_ADMIN"] });
		await laptop.sh("mkdir -p /srv/notes; echo one >/srv/notes/file");
		await laptop.write(
			"/etc/holdfast/holdfast.yaml",
			"machines: { laptop: { schedule: { skipOnBattery: true, skipOnMetered: true }, state: { notes: { folders: [/srv/notes] } }, providers: { tar: { destinations: { disk: { path: /mnt/archives } } } } } }\n",
		);
		const { code, stderr } = await laptop.holdfast("deploy", "--yes");
		assert.equal(code, 0, stderr);
	});

	/** Whether the service made an archive; if it did not, this is not a failure. */
	async function made(): Promise<boolean> {
		const count = () => laptop.sh("mkdir -p /mnt/archives; ls /mnt/archives | wc -l");
		const before = await count();
		await laptop.sh(
			"systemctl start holdfast-create.service; ! systemctl is-failed -q holdfast-create.service",
		);
		return (await count()) !== before;
	}

	test("on battery", async () => {
		assert.ok(await made(), "a machine without a battery");
		// By default it trusts only the kernel.
		await laptop.write(
			"/etc/systemd/system.conf.d/power.conf",
			"[Manager]\nManagerEnvironment=SYSTEMD_DEVICE_VERIFY_SYSFS=0\n",
		);
		await laptop.sh("systemctl daemon-reexec");
		await laptop.sh(`
			mount -t tmpfs tmpfs /sys/class/power_supply; cd /sys/class/power_supply; mkdir AC BAT0
			for one in AC BAT0; do ln -s /sys/class/power_supply $one/subsystem; touch $one/uevent; done
			echo Mains >AC/type; echo 0 >AC/online
			echo Battery >BAT0/type; echo Discharging >BAT0/status; echo 1 >BAT0/present; echo System >BAT0/scope
		`);
		assert.ok(!(await made()), "on battery");
		await laptop.sh("echo 1 >/sys/class/power_supply/AC/online");
		assert.ok(await made(), "on mains");
	});

	test("on a metered line", { skip: networkManager.missing }, async () => {
		const from = networkManager.below("/opt/holdfast");
		const nmcli = (words: string) => laptop.sh(`${from}/bin/nmcli ${words}`);
		await laptop.sh(`
			cp -a ${from}/usr/share/dbus-1/system.d/org.freedesktop.NetworkManager.conf /usr/share/dbus-1/system.d/
			ln -s ${from}/usr/lib/x86_64-linux-gnu/NetworkManager /usr/lib/x86_64-linux-gnu/NetworkManager
			mkdir -p /etc/NetworkManager; printf '[main]\\nplugins=keyfile\\nauth-polkit=false\\n' >/etc/NetworkManager/NetworkManager.conf
			systemctl reload dbus
			systemd-run -q --unit=NetworkManager ${from}/bin/NetworkManager --debug
			until ${from}/bin/nmcli general status >/dev/null 2>&1; do sleep 0.1; done
		`);
		await nmcli(
			"connection add type ethernet ifname host0 con-name line ipv4.method manual ipv4.addresses 10.77.0.99/24 ipv4.gateway 10.77.0.1 ipv6.method disabled connection.metered yes",
		);
		await nmcli("connection up line");
		assert.ok(!(await made()), "metered");
		await nmcli("connection modify line connection.metered no");
		await nmcli("device reapply host0");
		assert.ok(await made(), "not metered");
	});
});
