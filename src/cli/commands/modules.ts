// holdfast modules, holdfast modules show NAME
import { findConfig, findConfigIfAny } from "../../config/find.ts";
import { readServices } from "../../config/load.ts";
import { modulesOf } from "../../config/services.ts";
import { AS_TEXT } from "../../report/formats.ts";
import { type Declared, moduleTable, moduleText, moduleValue } from "../../report/text/modules.ts";
import { HoldfastError } from "../../values/error.ts";
import { EXIT } from "../../values/error-codes.ts";
import { nearest } from "../../values/nearest.ts";
import { type Call, command, commandGroup } from "../command.ts";
import { type CommonFlags, commonFlags } from "../flags.ts";
import { loading } from "../machines.ts";

const listModules = command({
	docs: { brief: "list the applications that can be declared in `services`" },
	outputs: async () => (await import("../outputs/machines.ts")).MODULES,
	parameters: { flags: commonFlags, positional: { kind: "tuple", parameters: [] } },
	run: async ({ out }: Call, flags: CommonFlags) => {
		const modules = [...(await known(flags)).values()];
		await out.result({
			kind: "answer",
			value: modules.map(({ name, about, sources, proven }) => ({ name, about, sources, proven })),
			text: moduleTable(modules),
		});
		return EXIT.done;
	},
});

const showModule = command({
	docs: { brief: "show a module's options, what it declares here, and its sources" },
	outputs: async () => (await import("../outputs/machines.ts")).MODULE,
	parameters: {
		flags: commonFlags,
		positional: {
			kind: "tuple",
			parameters: [
				{
					brief: "the module",
					placeholder: "NAME",
					parse: (text: string) => text,
					proposeCompletions: async () => [
						...(await known({ ...AS_TEXT, quiet: false, debug: false })).keys(),
					],
				},
			],
		},
	},
	run: async ({ out }: Call, flags: CommonFlags, name: string) => {
		const modules = await known(flags);
		const module = modules.get(name);
		if (!module) {
			const meant = nearest(name, [...modules.keys()]);
			throw new HoldfastError("module-not-found", `module "${name}" does not exist`, {
				subject: name,
				hint: meant ? `did you mean "${meant}"?` : "list all modules with: holdfast modules",
			});
		}
		const uses = await declaredHere(flags, name);
		await out.result({
			kind: "answer",
			value: moduleValue(module, modules, uses),
			text: await moduleText(module, modules, uses),
		});
		return EXIT.done;
	},
});

/** The library, and the config's own modules if there is a config. */
async function known(flags: CommonFlags) {
	const found = configFile(flags);
	if (found === undefined) return modulesOf({}, { file: "", isNamed: false, isGuarded: true, isRun: false });
	return (await readServices(found, LOOKING)).modules;
}

/** The options that the config gives a module, for each machine, with facts about the machine. */
async function declaredHere(flags: CommonFlags, name: string): Promise<Declared[]> {
	const found = configFile(flags);
	if (found === undefined) return [];
	const { machines } = await readServices(found, LOOKING);
	return machines.flatMap(({ machine, nixos, services }) =>
		Object.hasOwn(services, name) ? [{ machine, nixos, options: services[name] ?? {} }] : [],
	);
}

const LOOKING = { ...loading, purpose: "look" } as const;

function configFile({ config }: CommonFlags): ReturnType<typeof findConfig> | undefined {
	if (config !== undefined) return findConfig(config, LOOKING);
	return findConfigIfAny(LOOKING);
}

export const modules = commandGroup({
	routes: { list: listModules, show: showModule },
	defaultCommand: "list",
	docs: { brief: "applications that Holdfast has a module for" },
});
