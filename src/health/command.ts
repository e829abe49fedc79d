// A program that must succeed.
import * as v from "valibot";
import * as f from "../values/fields.ts";
import { defineHealthCheck } from "./health-check.ts";
import { user } from "./options.ts";

export const command = defineHealthCheck({
	key: "command",
	options: {
		command: v.pipe(f.argv, v.description("a program that must succeed, run without a shell")),
		user,
	},
	runs: ["command"],
	asksService: true,
	label: ({ command }) => command.join(" "),
	async ask({ command, user }, attempt) {
		const { askProgram } = await import("./program.ts");
		return askProgram(command, user, attempt);
	},
});
