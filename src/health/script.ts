// A script that must succeed.
import * as v from "valibot";
import * as f from "../values/fields.ts";
import { defineHealthCheck } from "./health-check.ts";
import { user } from "./options.ts";

export const script = defineHealthCheck({
	key: "script",
	options: {
		script: v.pipe(f.text, v.description("a script that must succeed, run under `bash -euo pipefail`")),
		user,
	},
	runs: ["script"],
	asksService: true,
	label: ({ script }) => script.split("\n", 1)[0] ?? "",
	async ask({ script, user }, attempt) {
		const { askProgram } = await import("./program.ts");
		return askProgram(["bash", "-euo", "pipefail", "-c", script], user, attempt);
	},
});
