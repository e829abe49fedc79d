// Shared by the modules of database servers: a database belongs to the state of the application that uses it; all others belong
// to the server's own state.
import * as v from "valibot";
import type { ServerKey } from "../databases/dump.ts";
import { ALL } from "../databases/fields.ts";
import type { StateInput } from "../manifest/state.ts";
import * as f from "../values/fields.ts";
import { record } from "../values/record.ts";
import type { Yield } from "./module.ts";

/** `connection`: the server and the account to use; `each`: further options of a database. */
export function serverOptions<C extends v.ObjectEntries, E extends v.ObjectEntries>(
	server: string,
	configDir: string,
	connection: C,
	each: E,
) {
	return v.strictObject({
		databases: v.pipe(
			v.optional(
				record(
					v.string(),
					v.strictObject({
						state: v.pipe(
							v.optional(f.name),
							v.description(`the state to which it belongs (default ${server})`),
						),
						stopOnRestore: v.pipe(
							v.optional(v.array(f.unitName)),
							v.description("units that use it, stopped while it is swapped"),
						),
						...each,
						...connection,
					}),
				),
				{},
			),
			v.description("databases, by name"),
		),
		all: v.pipe(
			v.optional(v.boolean()),
			v.description(
				"also back up all databases that are not named, including new ones (default true, unless only other modules declare databases)",
			),
		),
		except: v.pipe(v.optional(v.array(f.text)), v.description("databases to leave out of all")),
		configDir: v.pipe(
			v.optional(f.folder),
			v.description(
				`its configuration, such as ${configDir}, which a bare machine needs: restore it only to the same version (default: not backed up)`,
			),
		),
		...connection,
	});
}

interface ServerOptions {
	readonly databases: Readonly<
		Record<string, { readonly state?: string | undefined; readonly stopOnRestore?: string[] | undefined }>
	>;
	readonly all?: boolean | undefined;
	readonly except?: string[] | undefined;
	readonly configDir?: string | undefined;
}

export function serverStates(
	server: ServerKey,
	{ databases, all, except, configDir, ...connection }: ServerOptions,
	declared: boolean,
): Yield {
	const dumps = Object.entries(databases).map(([name, { state = server, stopOnRestore = [], ...own }]) => ({
		state,
		stopOnRestore,
		dump: { [server]: name, ...present(connection), ...present(own) },
	}));
	if (all ?? declared)
		dumps.push({
			state: server,
			stopOnRestore: [],
			dump: { [server]: ALL, ...present({ except }), ...present(connection) },
		});
	const states = Object.fromEntries<StateInput>(
		[...Map.groupBy(dumps, ({ state }) => state)].map(([name, own]) => [
			name,
			{
				dumps: own.map(({ dump }) => dump),
				stopOnRestore: own.flatMap(({ stopOnRestore }) => stopOnRestore),
			} as StateInput,
		]),
	);
	if (configDir !== undefined) states[server] = { ...states[server], folders: [configDir] };
	return { state: states };
}

function present(values: object): object {
	return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
