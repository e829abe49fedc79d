// The systemd units of a machine: timers for create, prune and check, their services, recovery at boot, and a unit that
// reports failures. For the purpose of each hardening setting see docs/explanation/units.md.
import { DATABASES } from "../databases/list.ts";
import { engineOf } from "../engines/list.ts";
import { scheduleOf } from "../manifest/machine.ts";
import type { Manifest } from "../manifest/schema.ts";

export interface UnitFile {
	readonly name: string;
	readonly text: string;
}

export interface UnitSet {
	readonly files: readonly UnitFile[];
	/** Units to enable and start. */
	readonly timers: readonly string[];
	/** Units to enable for the next boot. */
	readonly atBoot: readonly string[];
}

export interface UnitRequest {
	readonly manifest: Manifest;
	/** The paths of the program, and of the manifest that it uses. */
	readonly program: string;
	readonly config: string;
	/** Units for a user's own manager. */
	readonly user: boolean;
}

/** How long to wait for another run, such as a backup that is still in progress when a prune is due. */
const WAIT = "6h";

/** A kind of work that a timer starts: `holdfast-NAME.timer` and `.service`. */
export interface Job {
	readonly name: string;
	readonly what: string;
	/** One or more. */
	readonly calendar: string | readonly string[];
	readonly argv: readonly string[];
	/** For a backup: the providers that it writes to. */
	readonly writes?: readonly string[];
}

export function jobsOf(manifest: Manifest): Job[] {
	// A machine without a state may get providers from a tag.
	if (Object.keys(manifest.state).length === 0) return [];
	const schedule = scheduleOf(manifest);
	const providers = Object.entries(manifest.providers);
	const shared = providers
		.filter(([, { schedule: calendar }]) => calendar === undefined)
		.map(([name]) => name);
	const pruned = providers.filter(([, options]) => "retention" in options && options.retention !== undefined);
	const checked = providers.filter(([, options]) => engineOf(options).checks);
	const only = (names: readonly string[]) =>
		names.length === providers.length ? [] : names.flatMap((name) => ["--provider", name]);
	return [
		...(schedule.create === undefined || shared.length === 0
			? []
			: [
					{
						name: "create",
						what: "back up",
						calendar: schedule.create,
						argv: ["create", ...only(shared)],
						writes: shared,
					},
				]),
		...providers.flatMap(([name, { schedule: calendar }]) =>
			calendar === undefined || calendar === false
				? []
				: [
						{
							name: `create-${name}`,
							what: `back up to ${name}`,
							calendar,
							argv: ["create", "--provider", name],
							writes: [name],
						},
					],
		),
		...(schedule.prune === undefined || pruned.length === 0
			? []
			: [{ name: "prune", what: "prune", calendar: schedule.prune, argv: ["prune", "--yes"] }]),
		...(schedule.check === undefined || checked.length === 0
			? []
			: [{ name: "check", what: "check", calendar: schedule.check, argv: ["check"] }]),
	];
}

export function unitsOf(request: UnitRequest): UnitSet {
	const { manifest, user } = request;
	const jobs = jobsOf(manifest);
	const timers = jobs.map(({ name }) => `holdfast-${name}.timer`);
	const recover = user ? [] : recovery(request);
	return {
		files: [
			...jobs.flatMap((job) => [
				{ name: `holdfast-${job.name}.timer`, text: timer(job, request) },
				{ name: `holdfast-${job.name}.service`, text: service(job, request) },
			]),
			{ name: "holdfast-failed@.service", text: failed(request) },
			...recover,
		],
		timers,
		atBoot: recover.map(({ name }) => name),
	};
}

const HEAD = "# Written by `holdfast deploy`: change the config and deploy again, or add a drop-in.\n";

function timer({ what, calendar }: Job, { manifest, user }: UnitRequest): string {
	const { randomizedDelay } = scheduleOf(manifest);
	return `${HEAD}[Unit]
Description=Holdfast: ${what} ${manifest.machine}, on schedule

[Timer]
${[calendar]
	.flat()
	.map((time) => `OnCalendar=${time}`)
	.join("\n")}
# Run at the next boot if the machine was off.
Persistent=true
RandomizedDelaySec=${randomizedDelay}s

[Install]
WantedBy=${user ? "default.target timers.target" : "timers.target"}
`;
}

function service({ what, argv }: Job, request: UnitRequest): string {
	const { manifest, program, config, user } = request;
	const { skipOnBattery, skipOnMetered } = scheduleOf(manifest);
	const command = [program, ...argv, "--config", config, "--wait", WAIT].map(escaped).join(" ");
	const credentials = user ? [] : credentialsOf(manifest);
	return `${HEAD}[Unit]
Description=Holdfast: ${what} ${manifest.machine}
${user ? "" : "Wants=network-online.target\nAfter=network-online.target\n"}OnFailure=holdfast-failed@%n.service
${skipOnBattery ? "ConditionACPower=true\n" : ""}
[Service]
Type=oneshot
${
	skipOnMetered
		? `# NetworkManager's Metered: 1 and 3 mean yes. Without NetworkManager the run starts.
ExecCondition=/bin/sh -c 'case "$(busctl get-property org.freedesktop.NetworkManager /org/freedesktop/NetworkManager org.freedesktop.NetworkManager Metered 2>/dev/null)" in "u 1"|"u 3") exit 1;; esac'
`
		: ""
}ExecStart=${command}
# When it was killed: nothing is left half-way until the next night.
ExecStopPost=${escaped(program)} recover --quiet
KillMode=mixed
TimeoutStopSec=1h
${credentials.map((name) => `LoadCredential=${name}\n`).join("")}Nice=10
CPUSchedulingPolicy=batch
IOSchedulingClass=best-effort
IOSchedulingPriority=7
${hardening(user)}`;
}

function failed({ program, config, user }: UnitRequest): string {
	return `${HEAD}[Unit]
Description=Holdfast: report that %i failed

[Service]
Type=oneshot
ExecStart=${escaped(program)} notify --config ${escaped(config)} --unit %i
${hardening(user)}`;
}

/** Restrictions that break neither Holdfast's work nor any reasonable hook. No mount namespace: mounts must be visible to all. */
function hardening(user: boolean): string {
	const anyone = [
		"UMask=0077",
		"LockPersonality=true",
		"RestrictRealtime=true",
		"SystemCallArchitectures=native",
	];
	const root = [
		"ProtectHostname=true",
		"RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
		"SystemCallFilter=~@clock @cpu-emulation @module @obsolete @raw-io @reboot @swap",
		"SystemCallErrorNumber=EPERM",
		"CapabilityBoundingSet=~CAP_AUDIT_CONTROL CAP_AUDIT_READ CAP_AUDIT_WRITE CAP_BLOCK_SUSPEND CAP_BPF CAP_MAC_ADMIN CAP_MAC_OVERRIDE CAP_NET_ADMIN CAP_NET_BIND_SERVICE CAP_NET_BROADCAST CAP_NET_RAW CAP_PERFMON CAP_SYS_BOOT CAP_SYS_MODULE CAP_SYS_PACCT CAP_SYS_RAWIO CAP_SYS_TIME CAP_SYS_TTY_CONFIG CAP_SYSLOG CAP_WAKE_ALARM",
	];
	return [...anyone, ...(user ? [] : root)].map((line) => `${line}\n`).join("");
}

/** Finishes or rolls back interrupted runs at boot, before the services start. */
function recovery({ program }: UnitRequest): UnitFile[] {
	return [
		{
			name: "holdfast-recover.service",
			text: `${HEAD}[Unit]
Description=Finish or roll back interrupted Holdfast runs
DefaultDependencies=no
RequiresMountsFor=/var/lib/holdfast
After=local-fs.target systemd-journald.socket systemd-tmpfiles-setup.service
Before=basic.target shutdown.target
Conflicts=shutdown.target
ConditionPathExists=/var/lib/holdfast/journal.sqlite

[Service]
Type=oneshot
ExecStart=${escaped(program)} recover
# A run that could be neither finished nor rolled back is reported again by the next command, with exit code 5.
SuccessExitStatus=5

[Install]
WantedBy=basic.target
`,
		},
		{
			name: "holdfast-recover-databases.service",
			text: `${HEAD}# The second half: runs that swapped databases need their servers, which are up only now.
[Unit]
Description=Finish or roll back interrupted Holdfast runs with databases
After=${["holdfast-recover.service", ...DATABASES.flatMap(({ units }) => units?.names ?? [])].join(" ")}
ConditionPathExists=/var/lib/holdfast/journal.sqlite

[Service]
Type=oneshot
ExecStart=${escaped(program)} recover
SuccessExitStatus=5

[Install]
WantedBy=multi-user.target
`,
		},
	];
}

/** The names of passphrases that are credentials. The program itself decrypts those that exist only in encrypted form. */
function credentialsOf({ providers }: Manifest): string[] {
	const names = Object.values(providers).flatMap((options) =>
		"destinations" in options
			? Object.values(options.destinations).flatMap((one) =>
					"passphraseCredential" in one && one.passphraseCredential ? [one.passphraseCredential] : [],
				)
			: [],
	);
	return [...new Set(names)];
}

/** Quote a word for ExecStart: systemd expands `%` and `$`, and interprets quotes (systemd.service(5), "Command lines"). */
function escaped(word: string): string {
	const plain = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
	return /^[\w@%+=:,./$-]+$/.test(plain)
		? plain
		: `"${plain.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
