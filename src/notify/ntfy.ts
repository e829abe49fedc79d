// A topic of ntfy: https://docs.ntfy.sh/publish/
import * as v from "valibot";
import * as f from "../values/fields.ts";
import { defineNotification } from "./notification.ts";

/** A longer message becomes an attachment, or is refused where these are not allowed (`message-size-limit`). */
const MAX_BYTES = 4_096;

const TAGS = {
	start: "white_check_mark",
	success: "white_check_mark",
	failure: "warning",
	trial: "test_tube",
} as const;

export const ntfy = defineNotification({
	key: "ntfy",
	options: {
		ntfy: v.pipe(f.httpAddress, v.description("URL of a topic, such as https://ntfy.sh/TOPIC")),
		tokenFile: v.pipe(v.optional(f.path), v.description("file whose first line is the access token")),
	},
	data: ["ntfy", "tokenFile"],
	usualEvents: ["failure"],
	label: ({ ntfy }) => `the topic at ${f.hostOf(ntfy)}`,
	async send({ ntfy, tokenFile }, { event, title, body, log }) {
		const [{ post }, { fitted }, { readSecret }] = await Promise.all([
			import("./post.ts"),
			import("./fitted.ts"),
			import("../host/secret.ts"),
		]);
		const token = await readSecret({ passphraseFile: tokenFile });
		await post(ntfy, fitted({ body, log }, MAX_BYTES) || title, {
			Title: title,
			Tags: TAGS[event],
			Priority: event === "failure" ? "high" : "default",
			...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
		});
	},
});
