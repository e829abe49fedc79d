// Options that the schemas of several engines share. Loaded with the manifest, so keep it light.
import * as v from "valibot";
import * as f from "../values/fields.ts";
import { record } from "../values/record.ts";
import { retentionSchema } from "./retention-rules.ts";

/** Options of every provider. */
export const timing = {
	schedule: v.pipe(
		v.optional(
			v.union([
				f.calendar,
				v.pipe(v.array(f.calendar), v.minLength(1, "needs a time; false is never")),
				v.literal(false),
			]),
		),
		v.description(
			"when to back up to this provider, with a separate timer: one time or several, in the format of systemd.time(7); false: by hand only",
		),
	),
	maxAge: v.pipe(
		v.optional(f.durationText("an age")),
		v.description(
			'maximum age of the newest archive in this provider\'s destinations, such as "8d" for a disk that is attached once a week',
		),
	),
};

/** Options of providers whose archives are pruned. */
export const upkeep = { retention: v.optional(retentionSchema), ...timing };

/** `destinations` of a provider, each with these options. */
export const destinations = <const E extends v.ObjectEntries>(entries: E) =>
	v.pipe(record(f.name, v.strictObject(entries)), v.minEntries(1, "needs at least one destination"));

export const mountpoint = v.pipe(
	v.optional(v.union([f.path, v.literal(false)])),
	v.description(
		"folder at which a file system must be mounted before anything is written; false: none. By default, one must be mounted below /mnt, /media and /run/media, and wherever /etc/fstab or a mount unit has one",
	),
);
