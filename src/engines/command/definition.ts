// Any engine through three scripts: Clan's provider interface.
import { defineEngine } from "../engine.ts";
import { scriptNote } from "../sheet.ts";
import { commandOptions } from "./schema.ts";

export const command = defineEngine({
	options: commandOptions,
	programs: [],
	runs: ["create", "list", "restore"],
	checks: false,
	limitsItself: true,
	sheetOf: ({ list, restore }) => ({
		needs: [
			{ what: "this machine's config, since no archive of such a provider holds it", was: "/etc/holdfast" },
			{ what: "what its scripts need: programs, keys, passphrases" },
		],
		notes: [
			...scriptNote("Without Holdfast, this script lists the archives (bash):", String(list)),
			...scriptNote(
				"and this one restores the folders FOLDERS (joined with ':') of the archive NAME:",
				String(restore),
			),
		],
	}),
	open: async (provider, options) => (await import("./command.ts")).commandDestinations(provider, options),
});
