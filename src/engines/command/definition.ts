// Any engine through three scripts: Clan's provider interface.
import { defineEngine } from "../engine.ts";
import { commandOptions } from "./schema.ts";

export const command = defineEngine({
	options: commandOptions,
	programs: [],
	runs: ["create", "list", "restore"],
	checks: false,
	open: async (provider, options) => (await import("./command.ts")).commandDestinations(provider, options),
});
