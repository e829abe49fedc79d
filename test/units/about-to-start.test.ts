// Units that are not running at the moment, but would be in the next: somebody restarts them, they wait for another's
// start, or systemd clears up after a crash. And a socket that cannot be started while its service runs.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { noMachines } from "../machine/machine.ts";
import { APP, type AppMachine, appMachine } from "./restored.ts";

interface Case {
	readonly files: Readonly<Record<string, string>>;
	/** Runs when `app` is active. */
	readonly brings: string;
	/** As `systemctl is-active` has it when the operation begins. */
	readonly found: string;
}

/** Not enabled, so nothing but what goes on is a reason to start it. */
const CASES: Readonly<Record<string, Case>> = {
	"is being restarted, and takes its time to stop": {
		files: { "app.service": APP.replace("[Install]", "ExecStop=/bin/sleep 3\n[Install]") },
		brings:
			"systemctl restart --no-block app; until [ $(systemctl is-active app) = deactivating ]; do sleep 0.05; done",
		found: "deactivating",
	},
	"has crashed, and systemd restarts it when it has cleared up [long]": {
		files: {
			"app.service": APP.replace("[Install]", "Restart=always\nExecStopPost=/bin/sleep 3\n[Install]"),
		},
		brings:
			"systemctl kill -s KILL app; until [ $(systemctl is-active app) = deactivating ]; do sleep 0.05; done",
		found: "deactivating",
	},
	"waits for the start of another [long]": {
		files: {
			"app.service": APP.replace("[Unit]", "[Unit]\nAfter=slow.service"),
			"slow.service": "[Service]\nType=oneshot\nExecStart=/bin/sleep 4\n",
		},
		brings: "systemctl stop app; systemctl start --no-block slow; systemctl start --no-block app",
		found: "inactive",
	},
};

describe("a unit that is about to come up", { skip: noMachines }, () => {
	let web01: AppMachine;
	before(async () => {
		web01 = await appMachine("web01");
	});
	const APP_UNITS = { stopOnRestore: ["app.service"], stopOnBackup: ["app.service"] };
	const restore = ["restore", "--yes", "--keep-old", "7d", "tar", "latest"];

	for (const [name, { files, brings, found }] of Object.entries(CASES))
		test(`it ${name.replace(" [long]", "")}: it is up after a backup, a restore and an undo${name.endsWith(" [long]") ? " [long]" : ""}`, async () => {
			await web01.units(files);
			await web01.declare(APP_UNITS);
			const during = async (...words: string[]) => {
				await web01.sh(`systemctl start app; ${brings}`);
				assert.equal(await web01.active("app"), found);
				const said = await web01.holdfast_(0, ...words);
				assert.equal(await web01.active("app"), "active", `${words[0]}: ${said}`);
				assert.match(said, /app\.service: started/);
				return said;
			};
			await during("create");
			const run = /run (\S+) in/.exec(await during(...restore))?.[1] ?? "";
			await during("undo", "--yes", run);
			await web01.sh(`systemctl start app; ${brings}`);
			await web01.run(["/opt/holdfast/bin/holdfast", "create"], {
				env: { HOLDFAST_FAULT: "kill@stop:app#stopped-app.service" },
			});
			await web01.holdfast_(0, "recover");
			assert.equal(await web01.active("app"), "active", "after the recovery of a backup that was killed");
		});

	test("one that somebody is stopping is left down by a backup", async () => {
		await web01.units({ "app.service": APP.replace("[Install]", "ExecStop=/bin/sleep 2\n[Install]") });
		await web01.declare(APP_UNITS);
		await web01.sh("systemctl start app; systemctl stop --no-block app; sleep 0.2");
		assert.match(await web01.holdfast_(0, "create"), /app\.service: was not running, left down/);
		assert.equal(await web01.active("app"), "inactive");
	});

	test("a socket alone: its service goes down after it and comes up with it", async () => {
		await web01.units({
			"app.service": APP,
			"app.socket": "[Socket]\nListenStream=127.0.0.1:7777\n",
		});
		const units = ["app.socket"];
		await web01.declare({ stopOnRestore: units, stopOnBackup: units, hooks: { preBackup: "sleep 0.2" } });
		await web01.sh("systemctl start app.socket; systemctl start app");
		// Whoever connects in between must not bring the service up again.
		await web01.sh(
			"systemd-run -q --unit=client bash -c 'while :; do (exec 3<>/dev/tcp/127.0.0.1/7777); sleep 0.01; done'",
		);
		for (const words of [["create"], restore]) {
			const was = await web01.invocation("app");
			await web01.holdfast_(0, ...words);
			for (const unit of ["app", "app.socket"]) assert.equal(await web01.active(unit), "active", words[0]);
			assert.notEqual(await web01.invocation("app"), was);
		}
		await web01.sh("systemctl stop client");
	});

	test("one whose file is gone, or cannot be read, is refused before it is stopped [long]", async () => {
		for (const [change, why] of [
			["rm app.service", "not-found"],
			["printf '[Service]\\nType=exec\\n' >app.service", "bad-setting"],
		] as const) {
			const said = new RegExp(`app\\.service is running, but could not be started again: .* \\(${why}\\)`);
			await web01.units({ "app.service": APP });
			await web01.declare({ stopOnRestore: ["app.service"] });
			await web01.sh("systemctl start app");
			await web01.holdfast_(0, "create");
			await web01.declare(APP_UNITS);
			await web01.sh(`cd /etc/systemd/system; ${change}; systemctl daemon-reload`);
			assert.equal(await web01.active("app"), "active");
			for (const words of [["create"], restore]) {
				assert.match(await web01.holdfast_(1, ...words), said, change);
				assert.equal(await web01.active("app"), "active", change);
			}
			await web01.write("/etc/systemd/system/app.service", APP);
			await web01.sh("systemctl daemon-reload");
		}
	});
});
