// Options that the schemas of several engines share. Light: it is loaded with the manifest.
import * as v from "valibot";
import * as f from "../values/fields.ts";
import { record } from "../values/record.ts";
import { retentionSchema } from "./retention-rules.ts";

/** Of every provider. */
export const timing = {
	schedule: v.pipe(
		v.optional(f.calendar),
		v.description("when to back up to this provider, in a timer of its own"),
	),
	maxAge: v.pipe(
		v.optional(f.durationText("an age")),
		v.description(
			'how old archives may be in this provider\'s destinations, such as "8d" for a disk that comes once a week',
		),
	),
};

/** Of those whose archives are pruned. */
export const upkeep = { retention: v.optional(retentionSchema), ...timing };

/** `destinations` of a provider, each with these options. */
export const destinations = <const E extends v.ObjectEntries>(entries: E) =>
	v.pipe(record(f.name, v.strictObject(entries)), v.minEntries(1, "needs at least one destination"));

export const mountpoint = v.pipe(
	v.optional(v.union([f.path, v.literal(false)])),
	v.description(
		"folder at which a file system must be mounted before anything is written; false: none need be. When left out, one must be below /mnt, /media and /run/media, and where /etc/fstab or a mount unit has one",
	),
);
