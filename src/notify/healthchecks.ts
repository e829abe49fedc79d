// A check at healthchecks.io, or at a self-hosted server: https://healthchecks.io/docs/http_api/
import * as v from "valibot";
import * as f from "../values/fields.ts";
import { defineNotification } from "./notification.ts";

/** What every version stores; later ones store 100 kB (`PING_BODY_LIMIT`). The rest of a longer message is dropped. */
const MAX_BYTES = 10_000;

/** `/log` adds to the check's log and leaves its state as it is. */
const END = { start: "/start", success: "", failure: "/fail", trial: "/log" };

export const healthchecks = defineNotification({
	key: "healthchecks",
	options: {
		healthchecks: v.pipe(
			f.httpAddress,
			v.description("URL of a check; /start is requested when a run starts, /fail when it fails"),
		),
	},
	data: ["healthchecks"],
	usualEvents: ["start", "success", "failure"],
	// One check watches one operation: a successful prune must not hide a missing backup.
	concerns: ({ event, operation }) => event === "failure" || operation === "create",
	// A check that succeeds notifies nobody; whoever starts a trial looks at it.
	isRead: ({ event }) => event === "failure" || event === "trial",
	label: ({ healthchecks }) => `the check at ${f.hostOf(healthchecks)}`,
	async send({ healthchecks }, { event, title, body, log }) {
		const [{ post }, { fitted }] = await Promise.all([import("./post.ts"), import("./fitted.ts")]);
		await post(
			healthchecks.replace(/\/+$/, "") + END[event],
			fitted({ body: `${title}\n${body}`, log }, MAX_BYTES),
		);
	},
});
