// The definition of a kind of notification. Each file here is one kind; `list.ts` names them all.
import type * as v from "valibot";

export const EVENTS = ["start", "success", "failure"] as const;
export type NotifyEvent = (typeof EVENTS)[number];
/** `trial`: nothing happened, and nothing may look as if it had. */
export type ToldEvent = NotifyEvent | "trial";

/** The message about a run. Title and body hold no control characters except the body's newlines. */
export interface Notification {
	readonly event: ToldEvent;
	readonly machine: string;
	/** `create`, `restore`, `prune` … */
	readonly operation: string;
	/** The run's id. */
	readonly run: string;
	/** One line. */
	readonly title: string;
	/** Lines: the run, the outcome and its reason. */
	readonly body: string;
	/** The last lines of its log, after a failure. A service with a limit gets fewer (fitted.ts). */
	readonly log: readonly string[];
}

/** Loaded with every manifest, so `send` itself imports the code that does the work. */
export interface NotificationKind<O extends v.ObjectEntries = v.ObjectEntries> {
	/** The option that identifies an item of this kind in `notify`. */
	readonly key: string;
	/** In addition to `on`, which all kinds have. */
	readonly options: O;
	/** Options whose values are run or name what is run. Users see them before they adopt somebody else's config. */
	readonly runs?: readonly string[];
	/** Other options that hold text: it is never run. A test asks for those that are in neither list. */
	readonly data?: readonly string[];
	/** The events to send if the config has no `on`. */
	readonly usualEvents: readonly NotifyEvent[];
	/** Whether this kind handles the event; if omitted, it handles all. A trial is sent in any case. */
	concerns?(notification: Notification): boolean;
	/** Whether somebody is told what arrives; if omitted, always. */
	isRead?(notification: Notification): boolean;
	/** The recipient, for messages. Never a URL that is requested: that would be as good as a password. */
	label(options: v.InferOutput<v.StrictObjectSchema<O, undefined>>): string;
	/** Throws if the message could not be sent. */
	send(options: v.InferOutput<v.StrictObjectSchema<O, undefined>>, notification: Notification): Promise<void>;
}

/** Gives a kind its types; returns it unchanged. */
export function defineNotification<const O extends v.ObjectEntries>(
	kind: NotificationKind<O> & { readonly key: keyof O },
): NotificationKind<O> {
	return kind;
}
