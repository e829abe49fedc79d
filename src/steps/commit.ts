// From here on the scope is finished, never undone.
import { defineStep } from "./step.ts";

export const commit = defineStep({
	kind: "commit",
	params: {},
	id: (state?: string) => (state === undefined ? "commit" : `commit:${state}`),
	commits: true,
	// The journal's own entry is the mark.
	work: async () => ({ run: async () => undefined }),
});
