// A script that must succeed.
import * as v from "valibot";
import * as f from "../values/fields.ts";
import { asUserOrOwner } from "../values/user-command.ts";
import { defineHealthCheck } from "./health-check.ts";

export const script = defineHealthCheck({
	key: "script",
	options: {
		script: v.pipe(f.text, v.description("a script that must succeed, run under `bash -euo pipefail`")),
		...asUserOrOwner,
	},
	runs: ["script"],
	asksService: true,
	label: ({ script }) => script.split("\n", 1)[0] ?? "",
	async ask({ script, ...who }, attempt) {
		const { askProgram } = await import("./program.ts");
		return askProgram(["bash", "-euo", "pipefail", "-c", script], who, attempt);
	},
});
