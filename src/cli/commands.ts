// The list of commands, in the groups of the help: one file each, loaded on demand.
import type { Command, CommandContext, RouteMap } from "@stricli/core";

export type Loader = () => Promise<Command<CommandContext> | RouteMap<CommandContext>>;
type Loaders = Readonly<Record<string, Loader>>;

const BACKUPS = {
	create: async () => (await import("./commands/create.ts")).create,
	list: async () => (await import("./commands/list.ts")).list,
	restore: async () => (await import("./commands/restore.ts")).restore,
} satisfies Loaders;

export const GROUPS: Readonly<Record<string, Loaders>> = {
	"EVERY DAY": {
		create: BACKUPS.create,
		list: BACKUPS.list,
		status: async () => (await import("./commands/status.ts")).status,
		attach: async () => (await import("./commands/attach.ts")).attach,
		runs: async () => (await import("./commands/runs.ts")).runs,
	},
	RESTORE: {
		restore: BACKUPS.restore,
		diff: async () => (await import("./commands/diff.ts")).diff,
		archives: async () => (await import("./commands/archives/archives.ts")).archives,
		undo: async () => (await import("./commands/undo.ts")).undo,
		recover: async () => (await import("./commands/recover.ts")).recover,
	},
	UPKEEP: {
		check: async () => (await import("./commands/check.ts")).check,
		prune: async () => (await import("./commands/prune.ts")).prune,
		notify: async () => (await import("./commands/notify.ts")).notify,
		"recovery-sheet": async () => (await import("./commands/recovery-sheet.ts")).recoverySheet,
		adopt: async () => (await import("./commands/adopt.ts")).adopt,
	},
	CONFIG: {
		init: async () => (await import("./commands/init.ts")).init,
		validate: async () => (await import("./commands/validate.ts")).validate,
		modules: async () => (await import("./commands/modules.ts")).modules,
		import: async () => (await import("./commands/import.ts")).importCommand,
		manifest: async () => (await import("./commands/manifest.ts")).manifest,
		schema: async () => (await import("./commands/schema.ts")).schema,
	},
	"MACHINES AND SHELLS": {
		deploy: async () => (await import("./commands/deploy.ts")).deploy,
		undeploy: async () => (await import("./commands/undeploy.ts")).undeploy,
		completion: async () => (await import("./commands/completion.ts")).completion,
		clan: async () => (await import("./commands/clan.ts")).clan,
		backups: async () =>
			(await import("./command.ts")).commandGroup({
				routes: await loaded(BACKUPS),
				docs: { brief: "create, list and restore under the name that Clan uses" },
			}),
	},
};

export const COMMANDS: Loaders = Object.assign({}, ...Object.values(GROUPS));

export async function loaded(loaders: Loaders) {
	return Object.fromEntries(
		await Promise.all(Object.entries(loaders).map(async ([name, loader]) => [name, await loader()] as const)),
	);
}
