// A mail, sent by the machine's sendmail.
import * as v from "valibot";
import { printable } from "../values/printable.ts";
import { defineNotification } from "./notification.ts";

/** Far below what mail servers accept, and more than a person reads. */
const MAX_BYTES = 100_000;
/** Of a line: 998 bytes are allowed (RFC 5322, 2.1.1), and a character may have four. */
const MAX_CHARACTERS = 240;

export const email = defineNotification({
	key: "email",
	options: {
		email: v.pipe(
			v.string(),
			v.regex(/^[^\s@,;-][^\s@,;]*@[^\s@,;]+$/, "is not a mail address"),
			v.description("mail address, written to through sendmail"),
		),
	},
	data: ["email"],
	usualEvents: ["failure"],
	label: ({ email }) => email,
	async send({ email }, { title, body, log }) {
		const [{ runToTell }, { fitted }, { programPath }] = await Promise.all([
			import("./run-to-tell.ts"),
			import("./fitted.ts"),
			import("../host/programs.ts"),
		]);
		const mail = [
			`To: ${printable(email)}`,
			`Subject: ${title}`,
			"Content-Type: text/plain; charset=utf-8",
			"",
			...fitted({ body, log }, MAX_BYTES).split("\n").flatMap(folded),
		];
		// A user's PATH may lack the folder where most systems have it.
		const sendmail = programPath("sendmail") ?? "/usr/sbin/sendmail";
		await runToTell([sendmail, "-t", "-i"], `${mail.join("\n")}\n`);
	},
});

const folded = (line: string): string[] => line.match(new RegExp(`.{1,${MAX_CHARACTERS}}`, "gu")) ?? [""];
