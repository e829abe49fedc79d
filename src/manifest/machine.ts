// What a machine is besides its states and providers: where it is, when it backs itself up, whom it tells.
import * as v from "valibot";
import { notifySchema } from "../notify/list.ts";
import { secondsOf } from "../values/duration.ts";
import * as f from "../values/fields.ts";

/** `host` of machines that are this one. */
export const LOCAL_HOSTS: readonly string[] = ["localhost"];

export const hostSchema = v.pipe(
	f.text,
	v.regex(
		/^(?!(?:ssh:\/\/)?-)\S+$/,
		"is no host; write root@web01, ssh://root@web01:2222 or a name of ~/.ssh/config",
	),
	v.description(
		"where the machine is: root@web01, ssh://user@host:port, or a Host of the ssh config (left out, or localhost: this machine)",
	),
);

export const tagsSchema = v.pipe(
	v.array(f.name),
	v.description("groups that the machine is in, for --tag, and for the options under `tags`"),
);

export const deploySchema = v.pipe(
	v.strictObject({
		sudo: v.pipe(
			v.optional(v.boolean()),
			v.description("become root there with `sudo -n`, which must not ask for a password (default false)"),
		),
	}),
	v.description("how commands that are run from elsewhere reach the machine"),
);

const when = (what: string, usual: string) =>
	v.pipe(
		v.optional(v.union([f.calendar, v.literal(false)])),
		v.description(`when to ${what}, as systemd.time(7) writes it; false for never (default ${usual})`),
	);

const schedule = v.pipe(
	v.strictObject({
		create: when("back up; a provider's own `schedule` takes it out of this", "*-*-* 01:00:00"),
		prune: when("prune providers that have a retention", "*-*-* 04:00:00"),
		check: when("check what the destinations hold", "Sun *-*-* 05:00:00"),
		skipOnBattery: v.pipe(
			v.optional(v.boolean()),
			v.description("skip what is due while the machine runs on battery (default false)"),
		),
		skipOnMetered: v.pipe(
			v.optional(v.boolean()),
			v.description("skip what is due while NetworkManager says that the line is metered (default false)"),
		),
		randomizedDelay: v.optional(
			f.seconds(v.union([v.pipe(v.number(), v.minValue(0)), f.durationText("a delay")]), {
				about: "each timer fires at most so much later, so that many machines do not all come at once",
				usual: "15m",
				least: 0,
			}),
		),
	}),
	v.description("when the machine works by itself, once its timers are in place"),
);
export type Schedule = v.InferOutput<typeof schedule>;

export const maxAge = f.seconds(f.durationText("an age"), {
	about: "a good archive of each state must not be older than this; `holdfast status` says when it is",
	usual: "26h",
	least: 1,
});

export const SERVER_USER = "borg";
export const SERVER_FOLDER = "/var/lib/holdfast-borg";

export const borgServerSchema = v.pipe(
	v.strictObject({
		address: v.pipe(
			v.optional(v.pipe(v.string(), v.regex(/^[\w.:-]+$/, "is not an address"))),
			v.description("as other machines reach it (default: its host)"),
		),
		user: v.pipe(
			v.optional(v.pipe(v.string(), v.regex(/^[a-z_][a-z0-9_-]*$/, "is not an account"))),
			v.description(`the account that keeps the repositories (default ${SERVER_USER})`),
		),
		directory: v.pipe(
			v.optional(v.pipe(v.string(), v.regex(/^(\/[\w.-]+)+$/, "must be an absolute path of plain names"))),
			v.description(`its home, with a repository for each machine (default ${SERVER_FOLDER})`),
		),
		appendOnly: v.pipe(
			v.optional(v.boolean()),
			v.description(
				"machines can add and not destroy: what they prune stays until the server itself compacts (default true)",
			),
		),
	}),
	v.description(
		"this machine keeps the borg repositories of others: those with a destination `{ server: NAME }`; `holdfast deploy` prepares it",
	),
);

/** What a machine has besides its states and providers, as a person writes it. A new field is a line here. */
export const machineFields = {
	host: v.optional(hostSchema),
	tags: v.optional(tagsSchema),
	deploy: v.optional(deploySchema),
	borgServer: v.optional(borgServerSchema),
	notify: v.pipe(v.optional(v.array(notifySchema)), v.description("who is notified of runs")),
	metricsFile: v.pipe(
		v.optional(f.path),
		v.description(
			"file for the textfile collector of node_exporter, written after each run; ends with .prom",
		),
	),
	schedule: v.optional(schedule),
	maxAge: v.optional(maxAge),
};

const DEFAULT_DELAY_SECONDS = 15 * 60;
const DEFAULT_MAX_AGE_SECONDS = 26 * 3600;

/** A machine's schedule with its defaults; undefined for what it never does. */
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

/** Seconds that a good archive of a state may be old: in one provider's destinations, or at all. */
export function maxAgeOf(
	manifest: { readonly maxAge?: number | undefined },
	state?: { readonly maxAge?: number | undefined },
	provider?: { readonly maxAge?: string | undefined },
): number {
	return secondsOf(provider?.maxAge ?? "") ?? state?.maxAge ?? manifest.maxAge ?? DEFAULT_MAX_AGE_SECONDS;
}
