// A provider of each engine that stores metadata, with a destination in a place.
import { cheapRepository } from "./cheap-restic.ts";
import type { Place } from "./place.ts";

export const EVERY_ENGINE: Readonly<Record<string, (place: Place) => object>> = {
	tar: (place) => ({ destinations: { disk: { path: place.path("archives") } } }),
	borgbackup: (place) => ({ destinations: { repo: { repo: place.path("repo"), encryption: "none" } } }),
	restic(place) {
		const [repo, passphraseFile] = [place.path("repo"), place.write("secret", "x\n")];
		cheapRepository(repo, passphraseFile);
		return { destinations: { repo: { repo, passphraseFile } } };
	},
	localbackup: (place) => ({ destinations: { disk: { directory: place.path("archives") } } }),
};
