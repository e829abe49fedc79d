// A mail, sent by the machine's sendmail.
import * as v from "valibot";
import { printable } from "../values/printable.ts";
import { defineNotification } from "./notification.ts";

export const email = defineNotification({
	key: "email",
	options: {
		email: v.pipe(
			v.string(),
			v.regex(/^[^\s@,;-][^\s@,;]*@[^\s@,;]+$/, "is not a mail address"),
			v.description("written to through sendmail"),
		),
	},
	usualEvents: ["failure"],
	label: ({ email }) => email,
	async send({ email }, { title, body }) {
		const [{ runToTell }, { programPath }] = await Promise.all([
			import("./run-to-tell.ts"),
			import("../host/programs.ts"),
		]);
		const mail = [
			`To: ${printable(email)}`,
			`Subject: ${title}`,
			"Content-Type: text/plain; charset=utf-8",
			"",
			body,
		];
		// A user's PATH may lack the folder where most systems have it.
		const sendmail = programPath("sendmail") ?? "/usr/sbin/sendmail";
		await runToTell([sendmail, "-t", "-i"], `${mail.join("\n")}\n`);
	},
});
