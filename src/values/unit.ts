// A systemd unit, as config and manifest name it.
import * as v from "valibot";
import * as f from "./fields.ts";

export const unitSchema = v.strictObject({
	unit: f.unitName,
	user: v.pipe(
		v.optional(f.text),
		v.description(
			"the user whose systemd manager runs this unit (default: the system manager for root, else the user's own)",
		),
	),
});
export type Unit = v.InferOutput<typeof unitSchema>;
