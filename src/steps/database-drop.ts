// Drop a database that is no longer needed.
import type { ServerDump } from "../databases/dump.ts";
import { some, text } from "./fields.ts";
import { defineStep } from "./step.ts";

export const databaseDrop = defineStep({
	kind: "database-drop",
	params: { dump: some<ServerDump>(), name: text },
	/** `which`: which of a state's databases, since each has several. */
	id: (state: string, index: number, which: string | number) => `drop:${state}:${index}:${which}`,
	tidies: true,
	due: ({ title }) => title,
	work: async () => {
		const { openDatabase } = await import("../databases/dump.ts");
		const drop = async ({ dump, name }: { readonly dump: ServerDump; readonly name: string }) =>
			(await openDatabase(dump)).drop(name);
		return { run: drop, later: drop };
	},
});
