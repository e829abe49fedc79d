// The embedded engine: tar for the files, zstd from Node, an index for each archive.
import { defineEngine } from "../engine.ts";
import { FIRST_RETENTION } from "../retention-rules.ts";
import { diskNeed } from "../sheet.ts";
import { tarOptions } from "./schema.ts";

export const tar = defineEngine({
	options: tarOptions,
	programs: [{ names: ["tar"], debianPackage: "tar" }],
	data: ["path"],
	checks: true,
	address: "path",
	adoption: {
		looksLike: (_address, names) => (names === undefined ? false : "perhaps"),
		destination: (path) => ({ path }),
	},
	sheetOf: ({ mountpoint }) => ({ needs: diskNeed(mountpoint) }),
	firstConfig: ({ archives }) => [
		"# On this machine's own disk: good against mistakes, not against the loss of the disk.",
		"disk:",
		"  type: tar",
		`  destinations: { here: { path: ${archives} } }`,
		...FIRST_RETENTION.map((line) => `  ${line}`),
	],
	open: async (_provider, options) => (await import("./tar.ts")).tarDestinations(options),
});
