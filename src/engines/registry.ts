// From a provider's options to its destinations. A new engine is one folder and one line here.

import type { Manifest, ProviderOptions } from "../manifest/schema.ts";
import { HoldfastError } from "../values/error.ts";
import { nearest } from "../values/nearest.ts";
import type { Destination } from "./destination.ts";

/** The destinations of one provider; the engine's code is loaded only now. */
export async function openProvider(name: string, options: ProviderOptions): Promise<Destination[]> {
	switch (options.type) {
		case "tar":
			return (await import("./tar/tar.ts")).tarDestinations(options);
		case "borgbackup":
			return (await import("./borgbackup/borgbackup.ts")).borgDestinations(options);
		case "restic":
			return (await import("./restic/restic.ts")).resticDestinations(options);
		case "localbackup":
			return (await import("./localbackup/localbackup.ts")).localbackupDestinations(options);
		case "command":
			return (await import("./command/command.ts")).commandDestinations(name, options);
	}
}

export async function openDestinations(manifest: Manifest, provider: string): Promise<Destination[]> {
	const options = manifest.providers[provider];
	if (!options) {
		const known = Object.keys(manifest.providers);
		const [owner] = Object.entries(manifest.providers).flatMap(([name, one]) =>
			"destinations" in one && Object.hasOwn(one.destinations, provider) ? [name] : [],
		);
		const meant = nearest(provider, known);
		throw new HoldfastError(
			"provider-not-found",
			`machine "${manifest.machine}" has no provider "${provider}"`,
			{
				hint: owner
					? `"${provider}" is a destination: name its provider, ${owner}`
					: meant
						? `did you mean "${meant}"?`
						: `its providers are: ${known.join(", ") || "none"}`,
			},
		);
	}
	return openProvider(provider, options);
}

/** A destination that the config has, and where it is. */
export interface At extends Pick<Destination, "name" | "location"> {
	/** `provider/destination` */
	readonly path: string;
}

/** All that the machine has. */
export async function allDestinations(manifest: Manifest): Promise<At[]> {
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
	manifest: Manifest,
	provider: string,
	destination: string,
): Promise<Destination> {
	const found = (await openDestinations(manifest, provider)).find((one) => one.name === destination);
	if (found) return found;
	throw new HoldfastError(
		"destination-not-found",
		`provider "${provider}" has no destination "${destination}"`,
	);
}
