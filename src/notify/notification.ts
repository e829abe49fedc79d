// What a way to notify somebody of runs must say of itself. One file here is one way; `list.ts` names them all.
import type * as v from "valibot";

export const EVENTS = ["start", "success", "failure"] as const;
export type NotifyEvent = (typeof EVENTS)[number];

/** What is said of a run. Title and body hold no control characters but the body's line ends. */
export interface Notification {
	readonly event: NotifyEvent;
	readonly machine: string;
	/** `create`, `restore`, `prune` … */
	readonly operation: string;
	/** The run's id. */
	readonly run: string;
	/** One line. */
	readonly title: string;
	/** Lines: how it went, and of a failure the end of the log. */
	readonly body: string;
}

/** Loaded with every manifest, so that what sends, and all that it needs, is imported by `send` itself. */
export interface NotificationKind<O extends v.ObjectEntries = v.ObjectEntries> {
	/** The option by which an item of `notify` is of this kind. */
	readonly key: string;
	/** Beside `on`, which all have. */
	readonly options: O;
	/** What it is told of when the config has no `on`. */
	readonly usualEvents: readonly NotifyEvent[];
	/** Whether it takes notice of this at all; when left out, of everything. */
	concerns?(notification: Notification): boolean;
	/** Who that is, for messages. No address that is called: such a one is as good as a password. */
	label(options: v.InferOutput<v.StrictObjectSchema<O, undefined>>): string;
	/** Throws when it could not be sent. */
	send(options: v.InferOutput<v.StrictObjectSchema<O, undefined>>, notification: Notification): Promise<void>;
}

/** Gives a kind its types; returns it unchanged. */
export function defineNotification<const O extends v.ObjectEntries>(
	kind: NotificationKind<O> & { readonly key: keyof O },
): NotificationKind<O> {
	return kind;
}
