// The manifest, version 1: the resolved description of one machine, and the only thing that the runtime reads.
import * as v from "valibot";
import { providerSchema } from "../engines/list.ts";
import * as f from "../values/fields.ts";
import { heldForm } from "../values/held.ts";
import { record } from "../values/record.ts";
import { machineFields } from "./machine.ts";
import { stateSchema } from "./state.ts";

export const manifestSchema = heldForm(
	v.strictObject({
		version: v.literal(1),
		machine: f.name,
		...machineFields,
		state: record(f.name, stateSchema),
		providers: record(f.name, providerSchema),
	}),
);
export type Manifest = v.InferOutput<typeof manifestSchema>;
export type { Hook, HookName, State } from "./state.ts";
