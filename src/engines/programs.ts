// The programs that must be installed for a provider.
import type { Program } from "../host/programs.ts";
import { addressIn, destinationsIn, engineOf, type ProviderOptions } from "./list.ts";

/** The engine's programs, and those it needs to reach its destinations. */
export function programsOf(options: ProviderOptions): readonly Program[] {
	const engine = engineOf(options);
	const addresses = Object.values(destinationsIn(options)).map((one) => addressIn(engine, one));
	const reached = (engine.reachedBy ?? []).filter(({ address }) =>
		addresses.some((one) => one?.startsWith(address)),
	);
	return [...engine.programs, ...reached.map(({ program }) => program)];
}
