// The units that a run may have stopped, by what its steps recorded before they did. Reads the form of any version.
import type { Unit } from "../values/unit.ts";

/** Units that a step recorded, before stopping them, as up or to be started. */
export function unitsNoted(data: unknown): Unit[] {
	const { wasUp, units } = (data ?? {}) as { readonly wasUp?: unknown; readonly units?: unknown };
	const noted = Array.isArray(units)
		? units.filter((one) => one?.wasUp || one?.shouldRun)
		: Array.isArray(wasUp)
			? wasUp
			: [];
	return noted.flatMap((one): Unit[] =>
		typeof one?.unit === "string"
			? [{ unit: one.unit, ...(typeof one.user === "string" ? { user: one.user } : {}) }]
			: [],
	);
}
