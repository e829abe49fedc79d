// Every engine. To add one, add a folder here and a line below.
import * as v from "valibot";
import { borgbackup } from "./borgbackup/definition.ts";
import { command } from "./command/definition.ts";
import type { DestinationOptions, Engine } from "./engine.ts";
import { localbackup } from "./localbackup/definition.ts";
import { restic } from "./restic/definition.ts";
import { retentionFaults } from "./retention-rules.ts";
import { tar } from "./tar/definition.ts";

const LIST = [tar, borgbackup, restic, localbackup, command] as const;

/** In the order in which messages list them. */
export const ENGINES: readonly Engine[] = LIST;

type SchemasOf<L extends readonly Pick<Engine, "options">[]> = { -readonly [I in keyof L]: L[I]["options"] };

/** A provider of any type. */
export const providerSchema = v.variant("type", LIST.map(({ options }) => options) as SchemasOf<typeof LIST>);
export type ProviderOptions = v.InferOutput<typeof providerSchema>;

/** Undefined if no engine has this name. */
export const engineNamed = (type: unknown): Engine | undefined => ENGINES.find((one) => one.type === type);

export function engineOf({ type }: Pick<ProviderOptions, "type">): Engine {
	const engine = engineNamed(type);
	if (engine === undefined) throw new Error(`no engine is called ${type}`);
	return engine;
}

/** The options of its destinations, by name; empty if the engine's providers have no destinations. */
export const destinationsIn = (options: ProviderOptions): Readonly<Record<string, DestinationOptions>> =>
	"destinations" in options ? options.destinations : {};

/** What a config may not say of a provider, apart from its destinations. `path`: from the provider. Stored manifests may have it. */
export function faultsInProvider(options: ProviderOptions) {
	const retention = "retention" in options ? options.retention : undefined;
	return (retention === undefined ? [] : retentionFaults(retention)).map(({ option, ...fault }) => ({
		path: ["retention", option],
		...fault,
	}));
}

/** The address of a destination in its options. */
export function addressIn({ address }: Engine, destination: DestinationOptions): string | undefined {
	const found = address === undefined ? undefined : destination[address];
	return typeof found === "string" ? found : undefined;
}
