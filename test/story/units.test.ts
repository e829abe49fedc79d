// Real systemd units around a backup and a restore: what was running runs again afterwards, whatever happened in
// between.
import assert from "node:assert/strict";
import { before, beforeEach, describe, test } from "node:test";
import { type Machine, machine, noMachines } from "../machine/machine.ts";

describe("units are stopped and started", { skip: noMachines }, () => {
	let web01: Machine;

	before(async () => {
		web01 = await machine("web01");
		await web01.write("/etc/systemd/system/app.service", appUnit("/srv/app"));
		await web01.write("/etc/systemd/system/idle.service", appUnit("/srv/idle"));
		await web01.sh(`
			useradd --create-home alice
			loginctl enable-linger alice
			for n in $(seq 100); do [ -S /run/user/$(id -u alice)/systemd/private ] && break; sleep 0.1; done
			install -d -o alice -g alice /home/alice/.config/systemd/user /home/alice/data
		`);
		await web01.write("/home/alice/.config/systemd/user/own.service", appUnit("/home/alice/data"));
	});

	beforeEach(async () => {
		await web01.sh(`
			systemctl stop app.service idle.service
			rm -rf /srv/app /srv/idle /mnt/archives /var/lib/holdfast
			mkdir -p /srv/app /srv/idle
			echo precious >/srv/app/file
			systemctl start app.service
		`);
	});

	const declare = (state: object) =>
		web01.write(
			"/etc/holdfast/holdfast.json",
			JSON.stringify({
				machines: {
					web01: { state, providers: { tar: { destinations: { disk: { path: "/mnt/archives" } } } } },
				},
			}),
		);
	const isActive = async (unit: string) => (await web01.run(["systemctl", "is-active", unit])).stdout.trim();

	test("stopOnBackup: down while the archive is written, up again before the run ends", async () => {
		await declare({
			app: {
				folders: ["/srv/app"],
				stopOnBackup: ["app"],
				hooks: { postBackup: "systemctl is-active app.service >/after" },
			},
		});
		const { code, stderr } = await web01.holdfast("create");
		assert.equal(code, 0, stderr);
		assert.match(stderr, /✔ stop app\.service.*\n.*✔ write .*\n.*✔ start app\.service/);
		assert.match(stderr, /service down for/);
		assert.equal(await web01.sh("cat /after"), "active");
		// The archive holds what the unit wrote when it was stopped.
		await web01.sh("systemctl stop app.service; rm -rf /srv/app");
		assert.equal((await web01.holdfast("restore", "--yes", "tar", "latest")).code, 0);
		assert.equal(await web01.sh("cat /srv/app/ended"), "stopped");
	});

	test("stopOnBackup: the unit comes up again when the archive cannot be written", async () => {
		await declare({ app: { folders: ["/srv/app"], stopOnBackup: ["app.service"] } });
		await web01.sh("touch /mnt/archives");
		const { code } = await web01.holdfast("create");
		assert.equal(code, 1);
		assert.equal(await isActive("app.service"), "active");
	});

	test("a unit that did not run is not started", async () => {
		await declare({ app: { folders: ["/srv/app"], stopOnBackup: ["app.service", "idle.service"] } });
		assert.equal((await web01.holdfast("create")).code, 0);
		assert.equal(await isActive("idle.service"), "inactive");
		assert.equal(await isActive("app.service"), "active");
	});

	test("a unit that there is not is an error before anything is stopped", async () => {
		await declare({ app: { folders: ["/srv/app"], stopOnRestore: ["app.service", "ap.service"] } });
		assert.equal((await web01.holdfast("create")).code, 0);
		const since = await web01.sh("systemctl show -p InvocationID app.service");
		const { code, stderr } = await web01.holdfast("restore", "--yes", "tar", "latest");
		assert.equal(code, 1);
		assert.match(stderr, /there is no unit ap\.service/);
		assert.equal(await web01.sh("systemctl show -p InvocationID app.service"), since);
	});

	test("a restore whose unit does not start is undone, and the old one runs", async () => {
		await declare({ app: { folders: ["/srv/app"], stopOnRestore: ["app.service"] } });
		await web01.sh("touch /srv/app/refuse");
		assert.equal((await web01.holdfast("create")).code, 0);
		await web01.sh("rm /srv/app/refuse; echo newer >/srv/app/file");
		const { code, stderr } = await web01.holdfast("restore", "--yes", "tar", "latest");
		assert.equal(code, 1, stderr);
		assert.match(stderr, /could not start app\.service/);
		assert.match(stderr, /refused by the file/, "the unit's own last lines are shown");
		assert.equal(await isActive("app.service"), "active");
		assert.equal(await web01.sh("cat /srv/app/file; ls -A /srv"), "newer\napp\nidle");
	});

	test("a unit of a user's own manager is stopped and started there, by root and by the user", async () => {
		const own = 'su alice -s /bin/sh -c "XDG_RUNTIME_DIR=/run/user/$(id -u alice) systemctl --user';
		await web01.sh(`
			echo mine >/home/alice/data/file; chown -R alice: /home/alice
			${own} daemon-reload && XDG_RUNTIME_DIR=/run/user/$(id -u alice) systemctl --user start own.service"
		`);
		await declare({
			alice: { folders: ["/home/alice/data"], stopOnRestore: [{ unit: "own.service", user: "alice" }] },
		});
		const asRoot = [
			await web01.holdfast("create"),
			await web01.holdfast("restore", "--yes", "tar", "latest"),
		];
		assert.deepEqual(
			asRoot.map(({ code }) => code),
			[0, 0],
			asRoot.map(({ stderr }) => stderr).join("\n"),
		);
		assert.match(asRoot[1]?.stderr ?? "", /✔ stop own\.service of alice/);
		assert.equal(await web01.sh(`${own} is-active own.service"`), "active");

		await web01.write(
			"/home/alice/.config/holdfast/holdfast.yaml",
			`machines:
  home:
    state: { mine: { folders: [/home/alice/data], stopOnRestore: [own.service] } }
    providers: { tar: { destinations: { disk: { path: /home/alice/archives } } } }
`,
		);
		await web01.sh("chown -R alice: /home/alice");
		const asAlice = async (words: string) =>
			web01.sh(
				`su alice -s /bin/sh -c "cd; XDG_RUNTIME_DIR=/run/user/$(id -u alice) /opt/holdfast/bin/holdfast ${words} 2>&1"`,
			);
		await asAlice("create");
		await web01.sh("rm /home/alice/data/file");
		assert.match(
			await asAlice("restore --yes tar latest"),
			/✔ stop own\.service.*\n(.*\n)+✔ start own\.service/,
		);
		assert.equal(await web01.sh("cat /home/alice/data/file"), "mine");
		assert.equal(await web01.sh(`${own} is-active own.service"`), "active");
	});
});

const appUnit = (folder: string) => `[Service]
Type=notify
NotifyAccess=all
ExecStart=/bin/sh -c 'if [ -e ${folder}/refuse ]; then echo refused by the file; exit 1; fi; systemd-notify --ready; trap "echo stopped >${folder}/ended; exit 0" TERM; while :; do sleep 0.1; done'
`;
