// A command of the user's own.
import * as v from "valibot";
import * as f from "../values/fields.ts";
import { defineNotification } from "./notification.ts";

export const command = defineNotification({
	key: "command",
	options: {
		command: v.pipe(
			f.argv,
			v.description(
				"a command to run, with the message on standard input and HOLDFAST_EVENT, _MACHINE, _OPERATION and _RUN in its environment",
			),
		),
	},
	runs: ["command"],
	usualEvents: ["failure"],
	label: ({ command }) => `${command[0]}`,
	async send({ command }, { event, machine, operation, run, title, body, log }) {
		const [{ runToTell }, { fitted }] = await Promise.all([
			import("./run-to-tell.ts"),
			import("./fitted.ts"),
		]);
		await runToTell(command, `${title}\n${fitted({ body, log }, Number.POSITIVE_INFINITY)}\n`, {
			HOLDFAST_EVENT: event,
			HOLDFAST_MACHINE: machine,
			HOLDFAST_OPERATION: operation,
			HOLDFAST_RUN: run,
		});
	},
});
