// The kinds of notifications. A new one is a file here and a line in `NOTIFICATIONS`.
import * as v from "valibot";
import { command } from "./command.ts";
import { email } from "./email.ts";
import { healthchecks } from "./healthchecks.ts";
import { EVENTS, type NotificationKind } from "./notification.ts";
import { ntfy } from "./ntfy.ts";

export const NOTIFICATIONS = [healthchecks, ntfy, email, command] as const;

const on = ({ usualEvents }: NotificationKind) =>
	v.pipe(
		v.optional(v.pipe(v.array(v.picklist(EVENTS)), v.minLength(1, "the list is empty; remove it"))),
		v.description(
			`which events to report, of ${EVENTS.join(", ")} (default ${usualEvents.length === EVENTS.length ? "all" : usualEvents.join(", ")})`,
		),
	);

/** An item of the manifest's `notify`. */
export const notifySchema = v.union(
	NOTIFICATIONS.map((kind) => v.strictObject({ ...kind.options, on: on(kind) })) as Form[],
);
type Form<O = (typeof NOTIFICATIONS)[number]["options"]> = O extends v.ObjectEntries
	? v.StrictObjectSchema<O & { readonly on: ReturnType<typeof on> }, undefined>
	: never;
export type Notify = v.InferOutput<typeof notifySchema>;

/** The kind of an item. */
export function notificationKind(whom: Notify): NotificationKind {
	const found = NOTIFICATIONS.find(({ key }) => key in whom);
	if (found === undefined) throw new Error(`unknown notification: ${Object.keys(whom).join(", ")}`);
	return found;
}
