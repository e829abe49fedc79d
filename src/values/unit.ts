// A systemd unit: the config may give only its name; the manifest stores an object with the full name.
import * as v from "valibot";
import * as f from "./fields.ts";

/** systemctl also takes a name without a suffix as a service. */
const fullName = (name: string): string =>
	/\.(service|socket|timer|target|mount|path|slice|scope|automount|swap)$/.test(name)
		? name
		: `${name}.service`;

const unitForm = v.strictObject({
	unit: v.pipe(
		f.unitName,
		v.description("a unit's name; `.service` may be left out"),
		v.transform(fullName),
		f.unitName,
	),
	user: v.pipe(
		v.optional(f.text),
		v.description(
			"the user whose systemd manager runs this unit (default: the system manager for root, else the user's own)",
		),
	),
});
export type Unit = v.InferOutput<typeof unitForm>;

export const unit = v.union(
	[
		v.pipe(
			f.unitName,
			v.transform((name): Unit => ({ unit: fullName(name) })),
		),
		unitForm,
	],
	"a unit is a name, or { unit, user } for a unit of that user's own manager",
);
