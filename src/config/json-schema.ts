// The config's JSON Schema, for the reference and for editors.
import { toJsonSchema } from "@valibot/to-json-schema";
import { ENGINES } from "../engines/list.ts";
import type { JsonSchema } from "../manifest/json-keys.ts";
import { manifestSchema } from "../manifest/schema.ts";
import { optionsJsonSchema } from "../modules/describe.ts";
import { LIBRARY } from "../modules/library.ts";
import { recordOf } from "../values/record.ts";
import { configSchema } from "./schema.ts";

export function manifestJsonSchema(): JsonSchema {
	return toJsonSchema(manifestSchema, { errorMode: "ignore" }) as JsonSchema;
}

/**
 * For editors: nothing that `validate` accepts is a fault in it. So outside of lists, which are not merged, nothing is
 * required: a tag, another machine or a module may add it.
 */
export function editorJsonSchema(): JsonSchema {
	const schema = inParts(configJsonSchema());
	const [machine, tag] = (["machines", "tags"] as const).map(
		(key) => schema.properties?.[key]?.additionalProperties as JsonSchema,
	);
	for (const key of ["providers", "services"])
		Object.assign(tag?.properties?.[key] ?? {}, { properties: machine?.properties?.[key]?.properties });
	return schema;
}

function inParts({ required: _, minProperties: __, oneOf, ...schema }: JsonSchema): JsonSchema {
	const { properties, additionalProperties: others, anyOf = oneOf } = schema;
	return {
		...schema,
		...(properties && {
			properties: recordOf(Object.entries(properties).map(([key, one]) => [key, inParts(one)])),
		}),
		...(typeof others === "object" && { additionalProperties: inParts(others) }),
		...(anyOf && { anyOf: anyOf.map(inParts) }),
	};
}

/** A provider named after an engine may omit its `type`, in the JSON Schema too. */
export function configJsonSchema(): JsonSchema {
	const schema = toJsonSchema(configSchema, { errorMode: "ignore", typeMode: "input" }) as JsonSchema;
	const machine = schema.properties?.machines?.additionalProperties as JsonSchema;
	const providers = machine.properties?.providers as JsonSchema;
	const engines =
		(providers.additionalProperties as JsonSchema).oneOf ??
		(providers.additionalProperties as JsonSchema).anyOf;
	const byName = ENGINES.map(({ type }) => {
		const own = engines?.find(({ properties }) => properties?.type?.const === type);
		return [type, { ...own, required: own?.required?.filter((key) => key !== "type") ?? [] }] as const;
	});
	Object.assign(providers, { properties: Object.fromEntries(byName) });
	const services = machine.properties?.services as JsonSchema;
	Object.assign(services, {
		properties: Object.fromEntries(
			[...LIBRARY.values()].map((module) => [
				module.name,
				{ description: module.about, anyOf: [optionsJsonSchema(module), { type: "null" }] },
			]),
		),
	});
	return schema;
}
