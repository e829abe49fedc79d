// Units related to a service's units: those that stop along with them are started again, however the run ends, and
// those that would start them in the meantime do not.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { noMachines } from "../machine/machine.ts";
import { APP, type AppMachine, appMachine, daemon } from "./restored.ts";

const HOLDFAST = "/opt/holdfast/bin/holdfast";

describe("units around those that are named", { skip: noMachines }, () => {
	let web01: AppMachine;
	before(async () => {
		web01 = await appMachine("web01");
	});
	const restore = (code: number, ...words: string[]) =>
		web01.holdfast_(code, "restore", "--yes", ...words, "tar", "latest");

	const DEPENDENTS = {
		"web.service": daemon("Requires=app.service\nAfter=app.service"),
		"worker.service": daemon("BindsTo=web.service\nAfter=web.service").replace(
			"/bin/sleep inf",
			"/bin/sh -c 'test -e /run/short && exec sleep 0.4; exec sleep inf'",
		),
		"part.service": daemon("PartOf=app.service"),
		"needy.service": daemon("Requisite=app.service\nAfter=app.service"),
		"told.service": daemon("StopPropagatedFrom=app.service"),
		"job.service":
			"[Unit]\nRequires=app.service\nAfter=app.service\n[Service]\nType=oneshot\nExecStart=sleep inf\n",
		"app.target": "[Unit]\nRequires=app.service\nAfter=app.service\nWants=off.service\n",
		"off.service": daemon(""),
		"idle.service": daemon("Requires=app.service\nAfter=app.service"),
		"helper.service": daemon("StopWhenUnneeded=yes"),
	};
	const UP = ["app", "web", "worker", "part", "needy", "told", "helper", "app.target"];
	const invocations = async (): Promise<string[]> =>
		(
			await web01.sh(`for unit in ${UP.join(" ")}; do systemctl show -p InvocationID --value $unit; done`)
		).split("\n");
	const states = () =>
		web01.sh(
			`for unit in ${UP.join(" ")} job idle off; do echo $unit $(systemctl is-active $unit || true); done`,
		);
	const ALL_UP = [
		...UP.map((unit) => `${unit} active`),
		"job activating",
		"idle inactive",
		"off inactive",
	].join("\n");

	/** With every kind of dependency, indirect dependents, and some that were down. */
	async function surrounded(options: object = {}) {
		await web01.units({
			"app.service": APP.replace("[Unit]", "[Unit]\nRequires=helper.service\nAfter=helper.service"),
			...DEPENDENTS,
		});
		await web01.declare({ stopOnRestore: ["app.service"], stopOnBackup: ["app.service"], ...options });
		await web01.sh(`
			systemctl start ${UP.join(" ")}; systemctl stop off; systemctl start --no-block job
			until [ "$(systemctl is-active job)" = activating ]; do sleep 0.05; done
		`);
		assert.equal(await states(), ALL_UP);
		return invocations();
	}
	/** Each of them has gone down, and is up again; those that were down are down. */
	async function allBack(since: readonly string[]) {
		assert.equal(await states(), ALL_UP);
		const now = await invocations();
		assert.deepEqual(
			UP.filter((_, index) => now[index] === since[index]),
			[],
			"went down and came up again",
		);
		return now;
	}

	test("what stops along comes up again after a backup, a restore, one that fails, and an undo", async () => {
		let since = await surrounded();
		const { units } = JSON.parse(
			(await web01.holdfast_(0, "create", "--json")).trim().split("\n").at(-1) ?? "",
		);
		assert.deepEqual(
			units.map(({ unit, became }: Record<string, string>) => `${unit} ${became}`).sort(),
			[...UP, "job"].map((unit) => `${unit.includes(".") ? unit : `${unit}.service`} started`).sort(),
		);
		since = await allBack(since);
		assert.match(
			await restore(0, "--dry-run"),
			/also stopped during the restore, and restarted: .*web\.service.*worker\.service/,
		);
		const run = /run (\S+) in/.exec(await restore(0, "--keep-old", "7d"))?.[1] ?? "";
		since = await allBack(since);
		await web01.holdfast_(0, "undo", "--yes", run);
		since = await allBack(since);
		await web01.declare({ stopOnRestore: ["app.service"], healthChecks: [{ script: "false", within: 0 }] });
		await restore(1);
		await allBack(since);
	});

	test("what stops along comes up again after the run was killed, and the settle time watches it", async () => {
		let since = await surrounded({ settle: 1 });
		await web01.holdfast_(0, "create");
		since = await allBack(since);
		for (const [point, command] of [
			["stop:app#stopped-app.service", [HOLDFAST, "create"]],
			["place:app:0#renamed", [HOLDFAST, "restore", "--yes", "tar", "latest"]],
			["start:app#started-app.service", [HOLDFAST, "restore", "--yes", "tar", "latest"]],
		] as const) {
			await web01.run([...command], { env: { HOLDFAST_FAULT: `kill@${point}` } });
			await web01.holdfast_(0, "recover");
			since = await allBack(since);
		}
		await web01.sh("touch /run/short");
		assert.match(await restore(1), /worker\.service did not stay active/);
		await web01.sh("rm /run/short");
	});

	test("what fell with the service comes up with it; what somebody stopped by itself does not", async () => {
		await web01.units({
			"app.service": APP,
			"bound.service": daemon("BindsTo=app.service\nAfter=app.service"),
			"quiet.service": daemon("Requires=app.service\nAfter=app.service"),
		});
		await web01.declare({ stopOnRestore: ["app.service"] });
		await web01.sh("systemctl enable -q app bound quiet; systemctl start app bound quiet");
		await web01.holdfast_(0, "create");
		await web01.sh("systemctl stop quiet; sleep 1.1; systemctl stop app");
		assert.match(await restore(0), /bound\.service: was not running, started, because it is enabled/);
		assert.deepEqual([await web01.active("bound"), await web01.active("quiet")], ["active", "inactive"]);
	});

	test("sockets, paths, timers, and what starts it for another's sake: down until the swap is done, then up", async () => {
		const triggers: Record<string, string> = {
			"app.socket": "[Socket]\nListenStream=127.0.0.1:7777\n",
			"app.path": "[Path]\nPathExists=/run/go\n",
			"app.timer": "[Timer]\nOnCalendar=*:*:*\nAccuracySec=1ms\n",
			"nightly.timer": "[Timer]\nOnCalendar=*:*:*\nAccuracySec=1ms\n",
		};
		const tried =
			process.env.HOLDFAST_ROUNDS === undefined ? ["app.socket", "nightly.timer"] : Object.keys(triggers);
		for (const [trigger, text] of Object.entries(triggers)) {
			if (!tried.includes(trigger)) continue;
			await web01.units({
				"app.service": APP,
				"nightly.service": "[Unit]\nWants=app.service\n[Service]\nType=oneshot\nExecStart=true\n",
				[trigger]: text,
			});
			await web01.declare({
				stopOnRestore: ["app.service"],
				hooks: {
					preRestore:
						"touch /run/go; (exec 3<>/dev/tcp/127.0.0.1/7777) || true; sleep 1.2; systemctl is-active app >/run/seen || true; rm /run/go",
				},
			});
			await web01.sh(`rm -f /run/go; systemctl start ${trigger}; systemctl start app`);
			await web01.holdfast_(0, "create");
			const since = await web01.invocation("app");
			await restore(0);
			assert.equal(await web01.sh("cat /run/seen"), "inactive", trigger);
			assert.deepEqual(
				[await web01.active("app"), await web01.active(trigger)],
				["active", "active"],
				trigger,
			);
			assert.notEqual(await web01.invocation("app"), since);
		}
	});

	test("a service that waits for its socket is asked for by that, and a socket that had failed listens again", async () => {
		await web01.units({
			"app.service": APP.replace(/^WantedBy.*/m, ""),
			"app.socket": "[Socket]\nListenStream=127.0.0.1:7777\n[Install]\nWantedBy=sockets.target\n",
		});
		await web01.declare({ stopOnRestore: ["app.service"], stopOnBackup: ["app.service"] });
		await web01.sh("systemctl enable -q app.socket; systemctl start app.socket");
		await web01.holdfast_(0, "create");
		assert.deepEqual([await web01.active("app"), await web01.active("app.socket")], ["inactive", "active"]);
		assert.match(await restore(0), /app\.service: was not running, left down, because app\.socket starts it/);
		await web01.sh(`
			rm /srv/app/file
			for n in $(seq 30); do (exec 3<>/dev/tcp/127.0.0.1/7777) || true; done
			until systemctl is-failed -q app.socket; do (exec 3<>/dev/tcp/127.0.0.1/7777) || true; done
		`);
		await restore(0);
		assert.equal(await web01.active("app.socket"), "active");
		await web01.sh("exec 3<>/dev/tcp/127.0.0.1/7777; until systemctl is-active -q app; do sleep 0.1; done");
	});

	test("what serves one connection ends with it, and is not started again; the socket listens", async () => {
		await web01.units({
			"app.service": APP,
			"talk.socket": "[Socket]\nListenStream=127.0.0.1:7778\nAccept=yes\n",
			"talk@.service":
				"[Unit]\nRequires=app.service\nAfter=app.service\n[Service]\nExecStart=sleep inf\nStandardInput=socket\n",
		});
		const talking = () =>
			web01.sh("systemctl list-units --no-legend --plain --state=active 'talk@*' | wc -l");
		const connect = () =>
			web01.sh(`
				systemctl stop client 2>/dev/null || true
				systemd-run -q --unit=client bash -c 'exec 3<>/dev/tcp/127.0.0.1/7778; exec sleep inf'
				until systemctl -q is-active 'talk@*'; do sleep 0.05; done
			`);
		await web01.sh("systemctl start app talk.socket");
		for (const units of [["app.service"], ["talk.socket"], ["app.service", "talk.socket"]]) {
			await web01.declare({ stopOnRestore: units, stopOnBackup: units });
			await connect();
			assert.equal(await talking(), "1");
			await web01.holdfast_(0, "create");
			assert.equal(await talking(), "0", units.join());
			await connect();
			await restore(0);
			assert.equal(await talking(), "0", units.join());
			for (const unit of ["app", "talk.socket"]) assert.equal(await web01.active(unit), "active");
			assert.equal(await web01.sh("systemctl list-units --failed --no-legend 'talk@*'"), "");
		}
		await connect();
		assert.equal(await talking(), "1", "the next connection has one of its own");
		await web01.sh("systemctl stop client");
	});

	test("what upholds it is stopped along; a target that does is refused [long]", async () => {
		await web01.units({
			"app.service": APP,
			"keeper.service": daemon("Upholds=app.service"),
			"keeper.target": "[Unit]\nUpholds=app.service\n",
		});
		await web01.declare({ stopOnRestore: ["app.service"] });
		await web01.sh("systemctl start keeper");
		await web01.holdfast_(0, "create");
		await restore(0);
		assert.deepEqual([await web01.active("app"), await web01.active("keeper")], ["active", "active"]);
		await web01.sh("systemctl stop keeper; systemctl start keeper.target");
		assert.match(await restore(1), /keeper\.target starts it again at once/);
		await web01.sh("systemctl stop keeper.target");
	});

	for (const [when, hook] of [
		["before the swap", "preRestore"],
		["while it is made", "fault"],
	] as const)
		test(`something starts it ${when}: all is undone, and that is said${when === "while it is made" ? " [long]" : ""}`, async () => {
			await web01.units({ "app.service": APP });
			await web01.declare({
				stopOnRestore: ["app.service"],
				...(hook === "fault" ? {} : { hooks: { [hook]: "systemctl start app" } }),
			});
			await web01.sh("systemctl start app");
			await web01.holdfast_(0, "create");
			await web01.sh("echo newer >/srv/app/file");
			const { code, stderr } = await web01.run([HOLDFAST, "restore", "--yes", "tar", "latest"], {
				env:
					hook === "fault"
						? { HOLDFAST_FAULT: "run@place:app:0#after", HOLDFAST_FAULT_COMMAND: "systemctl start app" }
						: {},
			});
			assert.equal(code, 1, stderr);
			assert.match(stderr, /app\.service was started again by something while it had to be down/);
			assert.equal(
				await web01.sh("cat /srv/app/file; ls /srv/app; systemctl is-active app"),
				"newer\nfile\nactive",
			);
		});

	test("targets and slices: what belongs to them stops and starts with them, and nothing else [long]", async () => {
		await web01.units({
			"stack.target": "[Unit]\nWants=one.service two.service three.service\n",
			"one.service": daemon("PartOf=stack.target"),
			"two.service": daemon("").replace(/^WantedBy.*/m, ""),
			"three.service": daemon("").replace(/^WantedBy.*/m, ""),
			"four.service": daemon("", "Slice=stack.slice"),
		});
		await web01.declare({
			stopOnRestore: ["stack.target", "stack.slice"],
			stopOnBackup: ["stack.target", "stack.slice"],
		});
		await web01.sh("systemctl start stack.target four; systemctl stop three");
		const ids = () => web01.sh("systemctl show -p InvocationID,ActiveState --value one two four");
		const since = await ids();
		await web01.holdfast_(0, "create");
		assert.notEqual(await ids(), since);
		await restore(0);
		const now = (await ids()).split("\n").filter(Boolean);
		assert.deepEqual(now.filter((word) => word === "active").length, 3);
		assert.equal(
			now.some((word) => since.includes(word) && word !== "active"),
			false,
			"each went down",
		);
		assert.equal(await web01.active("three"), "inactive");
		await web01.sh("rm -f /srv/app/file; systemctl stop one two four stack.target");
		await restore(0, "--no-start");
		assert.equal(await web01.active("one"), "inactive");
	});

	test("states of one run whose units depend on each other", async () => {
		await web01.units({
			"app.service": APP,
			"web.service": daemon("Requires=app.service\nAfter=app.service"),
		});
		const declare = (check: string) =>
			web01.write(
				"/etc/holdfast/holdfast.json",
				JSON.stringify({
					machines: {
						web01: {
							state: {
								app: {
									folders: ["/srv/app"],
									stopOnRestore: ["app.service"],
									settle: 0,
									healthChecks: [{ script: check, within: 0 }],
								},
								web: { folders: ["/srv/web"], stopOnRestore: ["web.service"], settle: 0 },
							},
							providers: { tar: { destinations: { disk: { path: "/mnt/archives" } } } },
						},
					},
				}),
			);
		await declare("true");
		await web01.sh("mkdir -p /srv/web; systemctl start app web");
		await web01.holdfast_(0, "create");
		await restore(0);
		assert.deepEqual([await web01.active("app"), await web01.active("web")], ["active", "active"]);
		await declare("false");
		await restore(3);
		assert.deepEqual([await web01.active("app"), await web01.active("web")], ["active", "active"]);
		await web01.sh("rm -rf /srv/web");
	});
});
