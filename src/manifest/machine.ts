// What a machine has besides its states and providers: its address, its schedule, its notifications.
import * as v from "valibot";
import { databaseServerSchema } from "../databases/servers.ts";
import { notifySchema } from "../notify/list.ts";
import { secondsOf } from "../values/duration.ts";
import * as f from "../values/fields.ts";
import { record } from "../values/record.ts";

/** Values of `host` that mean this machine. */
export const LOCAL_HOSTS: readonly string[] = ["localhost"];

export const hostSchema = v.pipe(
	f.text,
	v.regex(
		/^(?!(?:ssh:\/\/)?-)\S+$/,
		"is not a host; write root@web01, ssh://root@web01:2222 or a Host from ~/.ssh/config",
	),
	v.description(
		"address of the machine: root@web01, ssh://user@host:port, or a Host of the ssh config; localhost, the default, is this machine",
	),
);

export const tagsSchema = v.pipe(
	v.array(f.name),
	v.description("groups that the machine belongs to, for --tag and for the options under `tags`"),
);

export const deploySchema = v.pipe(
	v.strictObject({
		sudo: v.pipe(
			v.optional(v.boolean()),
			v.description(
				"become root on the machine with `sudo -n`, which must not require a password (default false)",
			),
		),
	}),
	v.description("how commands run on another machine reach this one"),
);

const when = (what: string, usual: string) =>
	v.pipe(
		v.optional(v.union([f.calendar, v.literal(false)])),
		v.description(`when to ${what}, in the format of systemd.time(7); false: never (default ${usual})`),
	);

const schedule = v.pipe(
	v.strictObject({
		create: when("back up all providers that have no separate `schedule`", "*-*-* 01:00:00"),
		prune: when("prune providers that have a retention", "*-*-* 04:00:00"),
		check: when("check the archives in the destinations", "Sun *-*-* 05:00:00"),
		skipOnBattery: v.pipe(
			v.optional(v.boolean()),
			v.description("skip scheduled runs while the machine runs on battery (default false)"),
		),
		skipOnMetered: v.pipe(
			v.optional(v.boolean()),
			v.description("skip scheduled runs while NetworkManager reports a metered connection (default false)"),
		),
		randomizedDelay: v.optional(
			f.seconds(v.union([v.pipe(v.number(), v.minValue(0)), f.durationText("a delay")]), {
				about: "maximum random delay of each timer, so that many machines do not start at the same time",
				usual: "15m",
				least: 0,
			}),
		),
	}),
	v.description("when the installed timers start runs"),
);
export type Schedule = v.InferOutput<typeof schedule>;

export const maxAge = f.seconds(f.durationText("an age"), {
	about: "maximum age of the newest good archive of each state; `holdfast status` reports older ones",
	usual: "26h",
	least: 1,
});

export const SERVER_USER = "borg";
export const SERVER_FOLDER = "/var/lib/holdfast-borg";

export const borgServerSchema = v.pipe(
	v.strictObject({
		address: v.pipe(
			v.optional(v.pipe(v.string(), v.regex(/^[\w.:-]+$/, "is not an address"))),
			v.description("the address at which other machines reach it (default: its host)"),
		),
		user: v.pipe(
			v.optional(v.pipe(v.string(), v.regex(/^[a-z_][a-z0-9_-]*$/, "is not an account"))),
			v.description(`the account that owns the repositories (default ${SERVER_USER})`),
		),
		directory: v.pipe(
			v.optional(v.pipe(v.string(), v.regex(/^(\/[\w.-]+)+$/, "must be an absolute path of plain names"))),
			v.description(`home of that account, with a repository for each machine (default ${SERVER_FOLDER})`),
		),
		appendOnly: v.pipe(
			v.optional(v.boolean()),
			v.description(
				"machines can add data but not destroy it: what they prune stays until the server itself compacts (default true)",
			),
		),
	}),
	v.description(
		"this machine stores the borg repositories of other machines: those with a destination `{ server: NAME }`; `holdfast deploy` sets it up",
	),
);

/** What a machine has besides its states and providers, in the form of the config. To add a field, add a line. */
export const machineFields = {
	host: v.optional(hostSchema),
	tags: v.optional(tagsSchema),
	deploy: v.optional(deploySchema),
	borgServer: v.optional(borgServerSchema),
	stateless: v.pipe(
		v.optional(v.boolean()),
		v.description(
			"nothing of this machine has to be backed up: `status` does not ask it, what is done for several machines leaves it out, and it is not the one that is meant where a command names none (default false)",
		),
	),
	notify: v.pipe(v.optional(v.array(notifySchema)), v.description("whom to notify about runs")),
	metricsFile: v.pipe(
		v.optional(f.path),
		v.description(
			"file for the textfile collector of node_exporter, written after each run; ends with .prom",
		),
	),
	schedule: v.optional(schedule),
	maxAge: v.optional(maxAge),
	databaseServers: v.pipe(
		v.optional(record(f.name, databaseServerSchema)),
		v.description(
			"further database servers, by name, onto which `restore --as OLD=SERVER:NEW` can load a database",
		),
	),
};

const DEFAULT_DELAY_SECONDS = 15 * 60;
const DEFAULT_MAX_AGE_SECONDS = 26 * 3600;

/** A machine's schedule with the defaults filled in; undefined for what never runs. */
export function scheduleOf({ schedule = {} }: { readonly schedule?: Schedule | undefined }) {
	const time = (given: string | false | undefined, usual: string) =>
		given === false ? undefined : (given ?? usual);
	return {
		create: time(schedule.create, "*-*-* 01:00:00"),
		prune: time(schedule.prune, "*-*-* 04:00:00"),
		check: time(schedule.check, "Sun *-*-* 05:00:00"),
		randomizedDelay: schedule.randomizedDelay ?? DEFAULT_DELAY_SECONDS,
		skipOnBattery: schedule.skipOnBattery ?? false,
		skipOnMetered: schedule.skipOnMetered ?? false,
	};
}

/** The maximum age, in seconds, of the newest good archive of a state: in one provider's destinations, or overall. */
export function maxAgeOf(
	manifest: { readonly maxAge?: number | undefined },
	state?: { readonly maxAge?: number | undefined },
	provider?: { readonly maxAge?: string | undefined },
): number {
	return secondsOf(provider?.maxAge ?? "") ?? state?.maxAge ?? manifest.maxAge ?? DEFAULT_MAX_AGE_SECONDS;
}
