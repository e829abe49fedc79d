// A machine whose service `app` can be backed up, broken and restored, with any units around it.
import assert from "node:assert/strict";
import { type Machine, type MachineOptions, machine } from "../machine/machine.ts";

export interface AppMachine extends Machine {
	/** Write units, and have systemd read them. */
	units(files: Readonly<Record<string, string>>): Promise<void>;
	/** Declare the state `app`: /srv/app, and anything else that a test needs in it. */
	declare(options: object): Promise<void>;
	/** Run Holdfast, which must end with this code; returns its output. */
	holdfast_(code: number, ...words: string[]): Promise<string>;
	/** `active`, `inactive`, `failed` … */
	active(unit: string): Promise<string>;
	invocation(unit: string): Promise<string>;
}

/** Does not start without its data. */
export const APP = `[Unit]
StartLimitBurst=50
[Service]
Type=exec
ExecStartPre=/usr/bin/test -e /srv/app/file
ExecStart=/bin/sleep inf
[Install]
WantedBy=multi-user.target
`;

/** A service that only runs. */
export const daemon = (unit: string, service = "") =>
	`[Unit]\n${unit}\n[Service]\nType=exec\nExecStart=/bin/sleep inf\n${service}\n[Install]\nWantedBy=multi-user.target\n`;

export async function appMachine(name: string, options: MachineOptions = {}): Promise<AppMachine> {
	const it = await machine(name, options);
	const known = new Set<string>();
	return {
		...it,
		/** Units of the previous test are gone. */
		async units(files) {
			const gone = [...known].join(" ");
			// A timer that elapses while its unit is stopped would start that unit again.
			const starters = [...known].filter((unit) => !unit.endsWith(".service")).join(" ");
			if (gone !== "")
				await it.sh(`
					systemctl disable -q --runtime ${gone} 2>/dev/null || true
					systemctl stop ${starters} 2>/dev/null || true
					systemctl stop ${gone} 2>/dev/null || true
					cd /etc/systemd/system; systemctl unmask -q ${gone}; systemctl disable -q ${gone} 2>/dev/null || true; rm -f ${gone}
				`);
			known.clear();
			for (const [unit, text] of Object.entries(files)) {
				known.add(unit);
				await it.write(`/etc/systemd/system/${unit}`, text);
			}
			await it.sh(`
				systemctl daemon-reload; systemctl reset-failed
				rm -rf /srv/app /mnt/archives /var/lib/holdfast; mkdir -p /srv/app; echo old >/srv/app/file
			`);
		},
		async declare(options) {
			await it.write(
				"/etc/holdfast/holdfast.json",
				JSON.stringify({
					machines: {
						web01: {
							state: { app: { folders: ["/srv/app"], settle: 0, ...options } },
							providers: { tar: { destinations: { disk: { path: "/mnt/archives" } } } },
						},
					},
				}),
			);
		},
		async holdfast_(code, ...words) {
			const { code: was, stdout, stderr } = await it.holdfast(...words);
			assert.equal(was, code, `holdfast ${words.join(" ")}\n${stdout}${stderr}`);
			return `${stdout}${stderr}`;
		},
		active: async (unit) => (await it.run(["systemctl", "is-active", unit])).stdout.trim(),
		invocation: (unit) => it.sh(`systemctl show -p InvocationID --value ${unit}`),
	};
}
