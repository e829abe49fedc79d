// The list of commands: one file each, loaded on demand.
import { buildRouteMap, type Command, type CommandContext, type RouteMap } from "@stricli/core";

export type Loader = () => Promise<Command<CommandContext> | RouteMap<CommandContext>>;

const BACKUPS: Readonly<Record<string, Loader>> = {
	create: async () => (await import("./commands/create.ts")).create,
	list: async () => (await import("./commands/list.ts")).list,
	restore: async () => (await import("./commands/restore.ts")).restore,
};

export const COMMANDS: Readonly<Record<string, Loader>> = {
	...BACKUPS,
	diff: async () => (await import("./commands/diff.ts")).diff,
	undo: async () => (await import("./commands/undo.ts")).undo,
	recover: async () => (await import("./commands/recover.ts")).recover,
	check: async () => (await import("./commands/check.ts")).check,
	prune: async () => (await import("./commands/prune.ts")).prune,
	archives: async () => (await import("./commands/archives/archives.ts")).archives,
	adopt: async () => (await import("./commands/adopt.ts")).adopt,
	"recovery-sheet": async () => (await import("./commands/recovery-sheet.ts")).recoverySheet,
	deploy: async () => (await import("./commands/deploy.ts")).deploy,
	undeploy: async () => (await import("./commands/undeploy.ts")).undeploy,
	status: async () => (await import("./commands/status.ts")).status,
	notify: async () => (await import("./commands/notify.ts")).notify,
	attach: async () => (await import("./commands/attach.ts")).attach,
	runs: async () => (await import("./commands/runs.ts")).runs,
	import: async () => (await import("./commands/import.ts")).importCommand,
	clan: async () => (await import("./commands/clan.ts")).clan,
	init: async () => (await import("./commands/init.ts")).init,
	modules: async () => (await import("./commands/modules.ts")).modules,
	validate: async () => (await import("./commands/validate.ts")).validate,
	manifest: async () => (await import("./commands/manifest.ts")).manifest,
	schema: async () => (await import("./commands/schema.ts")).schema,
	completion: async () => (await import("./commands/completion.ts")).completion,
	backups: async () =>
		buildRouteMap({
			routes: await loaded(BACKUPS),
			docs: { brief: "the same commands under the name that Clan uses" },
		}),
};

export async function loaded(loaders: Readonly<Record<string, Loader>>) {
	return Object.fromEntries(
		await Promise.all(Object.entries(loaders).map(async ([name, loader]) => [name, await loader()] as const)),
	);
}
