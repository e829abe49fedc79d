// From a provider to its destinations.
import { HoldfastError } from "../values/error.ts";
import { nearest } from "../values/nearest.ts";
import type { Destination } from "./destination.ts";
import { destinationsIn, engineOf, type ProviderOptions } from "./list.ts";

/** The part of a machine's manifest that is needed here. */
interface Machine {
	readonly machine: string;
	readonly providers: Readonly<Record<string, ProviderOptions>>;
}

/** Load the engine's code and open the destinations of one provider. */
export const openProvider = (name: string, options: ProviderOptions): Promise<readonly Destination[]> =>
	engineOf(options).open(name, options);

export async function openDestinations(manifest: Machine, provider: string): Promise<readonly Destination[]> {
	const options = manifest.providers[provider];
	if (!options) {
		const known = Object.keys(manifest.providers);
		const [owner] = Object.entries(manifest.providers).flatMap(([name, one]) =>
			Object.hasOwn(destinationsIn(one), provider) ? [name] : [],
		);
		const meant = nearest(provider, known);
		throw new HoldfastError(
			"provider-not-found",
			`machine "${manifest.machine}" has no provider "${provider}"`,
			{
				subject: provider,
				hint: owner
					? `"${provider}" is a destination; name its provider instead: ${owner}`
					: meant
						? `did you mean "${meant}"?`
						: `its providers are: ${known.join(", ") || "none"}`,
			},
		);
	}
	return openProvider(provider, options);
}

/** A destination of the config and its location. */
export interface At extends Pick<Destination, "name" | "location"> {
	/** `provider/destination` */
	readonly path: string;
}

/** All destinations of the machine. */
export async function allDestinations(manifest: Machine): Promise<At[]> {
	const all = await Promise.all(
		Object.keys(manifest.providers).map(async (provider) =>
			(await openDestinations(manifest, provider)).map(({ name, location }) => ({
				...{ name, location },
				path: `${provider}/${name}`,
			})),
		),
	);
	return all.flat();
}

export async function openDestination(
	manifest: Machine,
	provider: string,
	destination: string,
): Promise<Destination> {
	const found = (await openDestinations(manifest, provider)).find((one) => one.name === destination);
	if (found) return found;
	throw new HoldfastError(
		"destination-not-found",
		`provider "${provider}" has no destination "${destination}"`,
		{ subject: destination },
	);
}
