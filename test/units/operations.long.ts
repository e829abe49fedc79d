// Every kind of unit through everything that stops and starts it: a backup, a restore, an undo, and an interrupted
// run. What was up is up again, freshly started; what was down is as it should be.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { noMachines } from "../machine/machine.ts";
import { APP, type AppMachine, appMachine, daemon } from "./restored.ts";

interface Kind {
	readonly files: Readonly<Record<string, string>>;
	/** The unit that the config names and the test checks; `app.service` by default. */
	readonly unit?: string;
	readonly user?: string;
	/** Before each operation. */
	readonly setUp: string;
	/** As reported by `systemctl is-active`, after each operation. */
	readonly ends: string;
	/** It is not stopped, or not started again. */
	readonly stays?: true;
	/** What a backup does with it, if this differs: it starts nothing that was down. */
	readonly afterBackup?: string;
	readonly tearDown?: string;
}

/** Two, so that there is a moment at which one has been exchanged and the other has not. */
const FOLDERS = ["/srv/app", "/srv/more"];
const fill = (what: string) =>
	`mkdir -p ${FOLDERS.join(" ")}; for f in ${FOLDERS.join(" ")}; do echo ${what} >$f/file; done`;
const content = FOLDERS.map((folder) => `cat ${folder}/file`).join("; ");
const areas = "find /srv -name '.holdfast-*' | sort";
/** Where an undo is killed, and whether it has then been completed by `recover`. */
const UNDO_POINTS = {
	"stop:app#after": false,
	"place:app:0#renamed": false,
	"discard:app#before": true,
} as const;

const START = "systemctl enable -q app; systemctl start app";
const SYSV = `#!/bin/sh
### BEGIN INIT INFO
# Provides: app
# Required-Start:
# Required-Stop:
# Default-Start: 2 3 4 5
# Default-Stop:
### END INIT INFO
case $1 in
start) start-stop-daemon -S -b -m -p /run/app.pid -x /bin/sleep -- inf ;;
stop) start-stop-daemon -K -p /run/app.pid; rm -f /run/app.pid ;;
esac
`;
const AS_ALICE = "runuser -u alice -- env XDG_RUNTIME_DIR=/run/user/$(id -u alice) systemctl --user";

const KINDS: Readonly<Record<string, Kind>> = {
	"a service": { files: { "app.service": APP }, setUp: START, ends: "active" },
	"one with Restart=always": {
		files: { "app.service": APP.replace("[Install]", "Restart=always\nRestartSec=50ms\n[Install]") },
		setUp: START,
		ends: "active",
	},
	"one that systemd has given up": {
		files: {
			"app.service": APP.replace("StartLimitBurst=50", "StartLimitBurst=2\nStartLimitIntervalSec=600"),
		},
		setUp: `systemctl enable -q app; mv /srv/app/file /srv/app/away; for n in 1 2 3 4; do systemctl start app || true; done; mv /srv/app/away /srv/app/file`,
		ends: "active",
		afterBackup: "failed",
	},
	"one that failed": {
		files: { "app.service": APP },
		setUp:
			"systemctl enable -q app; mv /srv/app/file /srv/app/away; systemctl start app || true; mv /srv/app/away /srv/app/file",
		ends: "active",
		afterBackup: "failed",
	},
	"one that is masked, and down": {
		files: { "app.service": APP },
		setUp:
			"systemctl stop app; rm -f /etc/systemd/system/app.service; systemctl mask -q app; systemctl daemon-reload",
		ends: "inactive",
		stays: true,
		tearDown: "systemctl unmask -q app",
	},
	"an instance of a template": {
		files: { "app@.service": APP },
		unit: "app@one.service",
		setUp: "systemctl start app@one",
		ends: "active",
	},
	"a oneshot that remains": {
		files: {
			"app.service":
				"[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=true\n[Install]\nWantedBy=multi-user.target\n",
		},
		setUp: START,
		ends: "active",
	},
	"a script of System V": {
		files: {},
		setUp: "update-rc.d app defaults >/dev/null; systemctl daemon-reload; systemctl start app",
		ends: "active",
		tearDown: "systemctl stop app; update-rc.d app remove; rm -f /etc/init.d/app; systemctl daemon-reload",
	},
	"a socket, and the service behind it": {
		files: { "app.service": APP, "app.socket": "[Socket]\nListenStream=127.0.0.1:7777\n" },
		setUp: "systemctl start app.socket; systemctl start app",
		ends: "active",
	},
	"a socket alone, whose service runs": {
		files: { "app.service": APP, "app.socket": "[Socket]\nListenStream=127.0.0.1:7777\n" },
		unit: "app.socket",
		setUp: "systemctl start app.socket; systemctl start app",
		ends: "active",
	},
	"one by another of its names": {
		files: { "app.service": `${APP}Alias=other.service\n` },
		unit: "other.service",
		setUp: START,
		ends: "active",
	},
	"one that is being restarted": {
		files: { "app.service": APP.replace("[Install]", "ExecStop=/bin/sleep 2\n[Install]") },
		setUp:
			"systemctl start app; systemctl restart --no-block app; until [ $(systemctl is-active app) = deactivating ]; do sleep 0.05; done",
		ends: "active",
	},
	"a timer's service that runs": {
		files: { "app.service": APP, "app.timer": "[Timer]\nOnCalendar=*-*-* *:*:0/2\n" },
		setUp: "systemctl start app.timer; systemctl start app",
		ends: "active",
	},
	"a path's service": {
		files: { "app.service": APP, "app.path": "[Path]\nPathExists=/srv/app/file\n" },
		setUp: "systemctl start app.path; until systemctl -q is-active app; do sleep 0.05; done",
		ends: "active",
	},
	"a target": {
		files: {
			"app.target": "[Unit]\nRequires=app.service\nAfter=app.service\n",
			"app.service": daemon("PartOf=app.target"),
		},
		unit: "app.target",
		setUp: "systemctl start app.target",
		ends: "active",
	},
	"a slice": {
		files: {
			"holdfasttest.slice": "[Slice]\n",
			"app.service": APP.replace("[Service]", "[Service]\nSlice=holdfasttest.slice"),
		},
		unit: "holdfasttest.slice",
		setUp: START,
		ends: "active",
	},
	"one that another needs": {
		files: { "app.service": APP, "web.service": daemon("Requires=app.service\nAfter=app.service") },
		setUp: "systemctl start web",
		ends: "active",
	},
	"a unit of a user": {
		files: {},
		unit: "own.service",
		user: "alice",
		setUp: `${AS_ALICE} start own`,
		ends: "active",
	},
};

describe("units through every operation", { skip: noMachines }, () => {
	let web01: AppMachine;
	before(async () => {
		web01 = await appMachine("web01");
		await web01.sh(`
			useradd --create-home alice; loginctl enable-linger alice
			until [ -S /run/user/$(id -u alice)/systemd/private ]; do sleep 0.1; done
			install -d -o alice /home/alice/.config/systemd/user
		`);
		await web01.write("/home/alice/.config/systemd/user/own.service", APP.replace("multi-user", "default"));
		await web01.sh(`${AS_ALICE} daemon-reload`);
	});

	for (const [
		name,
		{ files, unit = "app.service", user, setUp, ends, stays, afterBackup = ends, tearDown = "true" },
	] of Object.entries(KINDS))
		test(name, async () => {
			await web01.units(files);
			if (name.includes("System V")) await web01.write("/etc/init.d/app", SYSV, "0755");
			const systemctl = user === undefined ? "systemctl" : AS_ALICE;
			// For a target or a slice, only its contents show that it was started again.
			const shown = unit.endsWith(".slice") || unit.endsWith(".target") ? "app.service" : unit;
			const now = () =>
				web01.sh(
					`${systemctl} is-active ${shown} || true; ${systemctl} show -p InvocationID --value ${shown}`,
				);
			const named = [user === undefined ? unit : { unit, user }];
			await web01.declare({ folders: FOLDERS, stopOnRestore: named, stopOnBackup: named });
			const operation = async (what: string, end: string, work: () => Promise<unknown>) => {
				await web01.sh(setUp);
				const [, was = ""] = (await now()).split("\n");
				await work();
				const [active, is = ""] = (await now()).split("\n");
				assert.equal(active, end, `${name}: ${what}`);
				if (end === "active" && stays === undefined) assert.notEqual(is, was, `${name}: ${what} stopped it`);
			};
			const restore = ["restore", "--yes", "--keep-old", "7d", "tar", "latest"];
			let run = "";
			await web01.sh(fill("old"));
			await operation("create", afterBackup, () => web01.holdfast_(0, "create"));
			await operation("recover after a create", afterBackup, async () => {
				const { code } = await web01.run(["/opt/holdfast/bin/holdfast", "create"], {
					env: { HOLDFAST_FAULT: "kill@stop:app#after" },
				});
				assert.notEqual(code, 0);
				await web01.holdfast_(0, "recover");
			});
			await operation("restore", ends, async () => {
				run = /run (\S+) in/.exec(await web01.holdfast_(0, ...restore))?.[1] ?? "";
			});
			await operation("undo", ends, () => web01.holdfast_(0, "undo", "--yes", run));
			for (const point of ["aside:app:0#renamed", "commit:app#after"])
				await operation(`recover after ${point}`, ends, async () => {
					const { code } = await web01.run(["/opt/holdfast/bin/holdfast", ...restore], {
						env: { HOLDFAST_FAULT: `kill@${point}` },
					});
					assert.notEqual(code, 0);
					await web01.holdfast_(0, "recover");
				});
			// An undo that is killed: until its commit is recorded, the restore stays and can be undone; from then on it is undone.
			const kept = await web01.sh(areas);
			for (const [point, undone] of Object.entries(UNDO_POINTS)) {
				await web01.sh(fill("new"));
				await operation(`restore, before an undo killed at ${point}`, ends, async () => {
					run = /run (\S+) in/.exec(await web01.holdfast_(0, ...restore))?.[1] ?? "";
				});
				assert.equal(await web01.sh(content), "old\nold");
				await operation(`recover after an undo killed at ${point}`, ends, async () => {
					const { stderr } = await web01.run(["/opt/holdfast/bin/holdfast", "undo", "--yes", run], {
						env: { HOLDFAST_FAULT: `kill@${point}` },
					});
					assert.match(stderr, /^fault-here/m);
					await web01.holdfast_(0, "recover");
				});
				assert.equal(await web01.sh(content), undone ? "new\nnew" : "old\nold", point);
				if (!undone) await operation("undo after that", ends, () => web01.holdfast_(0, "undo", "--yes", run));
				assert.equal(await web01.sh(content), "new\nnew", point);
				assert.equal(await web01.sh(areas), kept, `${point} leaves nothing behind`);
			}
			await web01.sh(tearDown);
		});
});
