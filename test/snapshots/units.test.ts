// With a snapshot, the units of a backup start again before anything is read; without one, afterwards.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { type Machine, machine, noMachines } from "../machine/machine.ts";

describe("units of a backup from snapshots", { skip: noMachines }, () => {
	let web01: Machine;
	before(async () => {
		web01 = await machine("web01", { disks: { "/btr": "btrfs", "/disk": "ext4" } });
		await web01.write("/etc/systemd/system/app.service", "[Service]\nExecStart=/bin/sleep inf\n");
		await web01.sh(`
			btrfs subvolume create /btr/app >/dev/null
			mkdir /disk/other
			echo x | tee /btr/app/file >/disk/other/file
			systemctl start app
		`);
	});

	/** The ids of the steps that a create began, in their order. */
	async function stepsOf(state: object, env: Record<string, string> = {}): Promise<string[]> {
		await web01.write(
			"/etc/holdfast/holdfast.json",
			JSON.stringify({
				machines: {
					web01: { state, providers: { tar: { destinations: { disk: { path: "/disk/archives" } } } } },
				},
			}),
		);
		const { code, stdout, stderr } = await web01.run(["/opt/holdfast/bin/holdfast", "create", "--json"], {
			env,
		});
		assert.equal(code, 0, stderr);
		assert.equal(await web01.sh("systemctl is-active app; ls -A /btr; ls -A /btr/app"), "active\napp\nfile");
		return stdout
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line) as { type: string; step: string })
			.flatMap(({ type, step }) => (type === "step-started" ? [step] : []));
	}
	const app = { folders: ["/btr/app"], snapshot: "require", stopOnBackup: ["app.service"] };
	const words = async () => {
		const shown = await web01.sh("/opt/holdfast/bin/holdfast archives show --json tar latest");
		return [...shown.matchAll(/"consistency": ?"(\w+)"/g)].map(([, word]) => word);
	};
	const order = (steps: readonly string[]) => steps.filter((id) => /^(stop|snapshot|start|create)/.test(id));

	test("start as soon as it is taken", async () => {
		const steps = ["stop:app", "snapshot", "start:app", "create:tar/disk", "snapshot-drop"];
		assert.deepEqual(order(await stepsOf({ app })), steps);
	});

	test("stay down if another state that needs them down is read as it is", async () => {
		const other = { folders: ["/disk/other"], stopOnBackup: ["app.service"] };
		assert.deepEqual(order(await stepsOf({ app, other })), [
			...[
				"stop:app",
				"stop:other",
				"snapshot",
				"create:tar/disk",
				"start:other",
				"start:app",
				"snapshot-drop",
			],
		]);
		assert.deepEqual(await words(), ["atomic", "stopped"]);
	});

	test("stay down if the snapshot fails when it is taken, until the state was read as it is", async () => {
		const auto = { app: { ...app, snapshot: "auto" } };
		assert.deepEqual(order(await stepsOf(auto)), order(await stepsOf({ app })));
		const meanwhile = "btrfs subvolume create /btr/app/meanwhile";
		const fault = { HOLDFAST_FAULT: "run@snapshot#before", HOLDFAST_FAULT_COMMAND: meanwhile };
		const hooks = { postBackup: "btrfs subvolume delete /btr/app/meanwhile" };
		assert.deepEqual(order(await stepsOf({ app: { ...auto.app, hooks } }, fault)), [
			...["stop:app", "snapshot", "create:tar/disk", "start-later:app", "snapshot-drop"],
		]);
		assert.deepEqual(await words(), ["stopped"]);
	});

	/** Two states whose units pull up one another, and one that tar reads only when they are up. */
	async function withRest() {
		await web01.sh(`
			cd /etc/systemd/system; cp app.service other.service
			printf '[Unit]\\nRequires=app.service\\n' >>other.service
			systemctl daemon-reload; systemctl start other
			mkdir -p /disk/rest /disk/second; echo x | tee /disk/rest/file >/disk/second/file
			cat >/usr/local/bin/tar <<-'END'
				#!/bin/sh
				root=$(tr -d '\\0')
				[ "$root" = disk/rest ] || echo "$root $(systemctl is-active app other | xargs)" >>/run/reads
				case $root in
					disk/rest) for _ in $(seq 100); do systemctl is-active -q other && break; sleep 0.1; done
						echo "then $(systemctl is-active app other | xargs)" >>/run/reads;;
					disk/second) [ ! -e /run/meddle ] || systemctl start other;;
				esac
				printf '%s\\0' "$root" | /usr/bin/tar "$@"
			END
			chmod +x /usr/local/bin/tar
		`);
		return {
			rest: { folders: ["/disk/rest"], snapshot: "never" },
			// One pulls up the other.
			second: { folders: ["/disk/second"], snapshot: "never", stopOnBackup: ["app.service"] },
			other: { folders: ["/disk/other"], snapshot: "never", stopOnBackup: ["other.service"] },
		};
	}

	test("start as soon as their states are read, and what has none is read meanwhile", async () => {
		const state = await withRest();
		await stepsOf(state);
		const reads = (await web01.sh("grep -e ^disk -e ^then /run/reads; rm /run/reads")).split("\n");
		assert.deepEqual(reads, [
			"disk/second inactive inactive",
			"disk/other inactive inactive",
			"then active active",
		]);
		assert.deepEqual(await words(), ["live", "stopped", "stopped"]);
		await web01.sh("touch /run/meddle");
		await stepsOf(state);
		assert.deepEqual(await words(), ["live", "live", "live"]);
		await web01.sh("rm /usr/local/bin/tar /run/meddle");
	});

	test("that start while the rest is read run whatever ends the run [long]", async () => {
		await stepsOf(await withRest());
		for (const fault of [
			"kill@states-read#before",
			"kill@start:other#after",
			"interrupt@states-read#before",
			"interrupt@start:other#before",
		]) {
			const env = { HOLDFAST_FAULT: fault };
			const { code } = await web01.run(["/opt/holdfast/bin/holdfast", "create"], { env });
			if (fault.startsWith("interrupt")) assert.equal(code, 130, fault);
			else assert.notEqual(code, 0, fault);
			if (fault.startsWith("kill")) await web01.sh("/opt/holdfast/bin/holdfast recover");
			assert.equal(
				await web01.sh("systemctl is-active app other; ls -A /disk/archives | grep -c partial || true"),
				"active\nactive\n0",
				fault,
			);
		}
		await web01.sh("rm /usr/local/bin/tar");
	});

	test("that somebody starts meanwhile: the archive is not called stopped, nor of one instant", async () => {
		const declared = { folders: ["/btr/app", "/disk/other"], stopOnBackup: ["app.service"] };
		for (const [state, point, word] of [
			[{ ...declared, consistency: "stopped" }, "create:tar/disk#written", "live"],
			[{ folders: ["/btr"], snapshot: "require", stopOnBackup: ["app.service"] }, "snapshot#taken", "spread"],
		] as const) {
			await web01.write(
				"/etc/holdfast/holdfast.json",
				JSON.stringify({
					machines: {
						web01: {
							state: { app: state },
							providers: { tar: { destinations: { disk: { path: "/disk/archives" } } } },
						},
					},
				}),
			);
			const { code, stdout, stderr } = await web01.run(["/opt/holdfast/bin/holdfast", "create"], {
				env: { HOLDFAST_FAULT: `run@${point}`, HOLDFAST_FAULT_COMMAND: "systemctl start app" },
			});
			const said = stdout + stderr;
			assert.match(said, /app\.service was running while it was copied/);
			const shown = await web01.sh("/opt/holdfast/bin/holdfast archives show tar latest || true");
			if (word === "live") {
				assert.equal(code, 3, said);
				assert.match(said, /it is live, and the config promises stopped/);
			} else assert.match(shown, new RegExp(`${word}: `));
		}
	});
});
