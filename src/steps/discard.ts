// Delete private folders and everything in them.
import * as v from "valibot";
import { object, text, texts } from "./fields.ts";
import { defineStep } from "./step.ts";

export const discard = defineStep({
	kind: "discard",
	params: {
		areas: texts,
		/** Old copies of an earlier run that are deleted with the folders. */
		forgets: v.exactOptional(object({ run: text, state: text })),
	},
	/** `forget`: the dumps of a state; `drop`: those of the content that its stores had before. */
	id: (what: "discard" | "forget" | "drop", state?: string) =>
		state === undefined ? what : `${what}:${state}`,
	tidies: true,
	due: ({ title }) => title,
	work: async () => {
		const { discardFolder } = await import("../host/private-area.ts");
		return {
			async run({ areas, forgets }, { forget, point }) {
				for (const area of areas) {
					await discardFolder(area);
					point("removed");
				}
				if (forgets) forget(forgets.run, forgets.state);
			},
			async later({ areas, forgets }, { forget }) {
				for (const area of areas) await discardFolder(area);
				if (forgets) forget(forgets.run, forgets.state);
			},
		};
	},
});
