// From here on the scope is completed, never undone.
import { defineStep } from "./step.ts";

export const commit = defineStep({
	kind: "commit",
	params: {},
	id: (state?: string) => (state === undefined ? "commit" : `commit:${state}`),
	commits: true,
	// The journal entry itself is the commit.
	work: async () => ({ run: async () => undefined }),
});
