// A program that must succeed.
import * as v from "valibot";
import * as f from "../values/fields.ts";
import { asUserOrOwner } from "../values/user-command.ts";
import { defineHealthCheck } from "./health-check.ts";

export const command = defineHealthCheck({
	key: "command",
	options: {
		command: v.pipe(f.argv, v.description("a program that must succeed, run without a shell")),
		...asUserOrOwner,
	},
	runs: ["command"],
	asksService: true,
	label: ({ command }) => command.join(" "),
	async ask({ command, ...who }, attempt) {
		const { askProgram } = await import("./program.ts");
		return askProgram(command, who, attempt);
	},
});
