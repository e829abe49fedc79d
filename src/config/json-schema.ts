// The config's JSON Schema, for editors and for the reference.
import { toJsonSchema } from "@valibot/to-json-schema";
import { ENGINES } from "../manifest/providers.ts";
import { manifestSchema } from "../manifest/schema.ts";
import { configSchema } from "./schema.ts";

/** As far as a JSON Schema is looked into here. */
export interface JsonSchema {
	readonly type?: string;
	readonly description?: string;
	readonly const?: unknown;
	readonly enum?: readonly unknown[];
	readonly pattern?: string;
	readonly properties?: Readonly<Record<string, JsonSchema>>;
	readonly additionalProperties?: JsonSchema | boolean;
	readonly items?: JsonSchema;
	readonly anyOf?: readonly JsonSchema[];
	readonly oneOf?: readonly JsonSchema[];
	readonly required?: readonly string[];
}

export function manifestJsonSchema(): JsonSchema {
	return toJsonSchema(manifestSchema, { errorMode: "ignore" }) as JsonSchema;
}

/** A provider whose name is an engine's may leave its `type` out; the schema says so as well. */
export function configJsonSchema(): JsonSchema {
	const schema = toJsonSchema(configSchema, { errorMode: "ignore" }) as JsonSchema;
	const machine = schema.properties?.machines?.additionalProperties as JsonSchema;
	const providers = machine.properties?.providers as JsonSchema;
	const engines =
		(providers.additionalProperties as JsonSchema).oneOf ??
		(providers.additionalProperties as JsonSchema).anyOf;
	const byName = ENGINES.map((engine) => {
		const own = engines?.find(({ properties }) => properties?.type?.const === engine);
		return [engine, { ...own, required: own?.required?.filter((key) => key !== "type") ?? [] }] as const;
	});
	Object.assign(providers, { properties: Object.fromEntries(byName) });
	return schema;
}
