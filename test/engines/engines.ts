// The engines that the suites run against, each with a destination below a folder. To add one, add an entry here.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { borgDestinations } from "../../src/engines/borgbackup/borgbackup.ts";
import type { BorgDestination } from "../../src/engines/borgbackup/schema.ts";
import type { Able, Destination } from "../../src/engines/destination.ts";
import { localbackupDestinations } from "../../src/engines/localbackup/localbackup.ts";
import type { LocalbackupOptions, Target } from "../../src/engines/localbackup/schema.ts";
import { resticDestinations } from "../../src/engines/restic/restic.ts";
import type { ResticDestination } from "../../src/engines/restic/schema.ts";
import { tarDestinations } from "../../src/engines/tar/tar.ts";
import { cheapRepository } from "../support/cheap-restic.ts";

export interface Engine {
	readonly name: string;
	/** The name in a config, if it differs. */
	readonly type?: string;
	/** Another version of an engine that passes the full contract: only tests of possible differences run. */
	readonly brief?: boolean;
	/** It does not report a file that was listed and is gone when it is read. */
	readonly passesOverVanished?: boolean;
	/** A destination below this folder, the same for the same folder. */
	open(below: string): Whole;
	/**
	 * Change bytes in what the destination stores, after this archive was made; absent for engines without checksums.
	 */
	damage?(below: string, archive: string): void;
}

/** Passphrase, caches, keys and state of the engines, below this folder. */
export function setUpEngines(folder: string): void {
	mkdirSync(folder, { recursive: true });
	process.env.XDG_CACHE_HOME = join(folder, "cache");
	process.env.XDG_CONFIG_HOME = join(folder, "config");
	process.env.HOLDFAST_CACHE_DIR = join(folder, "cache");
	process.env.HOLDFAST_STATE_DIR = join(folder, "state");
	process.env.HOLDFAST_STANDSTILL_SECONDS = "30";
	writeFileSync(passphraseIn(folder), "correct horse\n", { mode: 0o600 });
	passphraseFile = passphraseIn(folder);
}
let passphraseFile = "";
const passphraseIn = (folder: string) => join(folder, "passphrase");

/** An engine that supports everything in the contract. */
export type Whole = Able<"restore" | "contents" | "check" | "remove" | "writeMetadata"> &
	Required<Pick<Destination, "sizeOf" | "details">>;

export function only([destination]: readonly Destination[]): Whole {
	assert.ok(destination);
	const { restore, contents, check, remove, writeMetadata, sizeOf, details } = destination;
	const all = { restore, contents, check, remove, writeMetadata, sizeOf, details };
	for (const [ability, method] of Object.entries(all)) assert.ok(method, ability);
	return destination as Whole;
}

export const repoOf = (below: string) => join(below, "deep/er/repo");

export const openTar = (below: string) =>
	only(tarDestinations({ type: "tar", destinations: { disk: { path: join(below, "destination") } } }));

export const openBorg = (below: string, extra: Partial<BorgDestination> = { passphraseFile }) =>
	only(borgDestinations({ type: "borgbackup", destinations: { repo: { repo: repoOf(below), ...extra } } }));

export const openRestic = (below: string, extra: Partial<ResticDestination> = {}) =>
	only(
		resticDestinations({
			type: "restic",
			destinations: { repo: { repo: repoOf(below), passphraseFile, ...extra } },
		}),
	);

export const openLocalbackup = (
	below: string,
	extra: Partial<Target> = {},
	most: Pick<LocalbackupOptions, "snapshots" | "retention"> = {},
) =>
	only(
		localbackupDestinations({
			type: "localbackup",
			destinations: { disk: { directory: join(below, "on the disk"), ...extra } },
			...most,
		}),
	);

function flip(file: string, from: number, to: number, step: number): void {
	const bytes = readFileSync(file);
	for (let at = from; at < bytes.length + to; at += step) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
	execFileSync("chmod", ["u+w", file]);
	writeFileSync(file, bytes);
}
const filesBelow = (folder: string) =>
	readdirSync(folder, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => join(entry.parentPath, entry.name));

export const tar: Engine = {
	name: "tar",
	open: openTar,
	damage(below, archive) {
		const file = join(below, "destination", archive, "data.tar.zst");
		const middle = Math.floor(readFileSync(file).length / 2);
		flip(file, middle, middle + 1 - readFileSync(file).length, 1);
	},
};

export const borgbackup: Engine = {
	name: "borgbackup",
	open: (below) => openBorg(below),
	damage(below) {
		// The largest segment holds the files' chunks.
		const [segment] = filesBelow(join(repoOf(below), "data")).sort(
			(a, b) => readFileSync(b).length - readFileSync(a).length,
		);
		assert.ok(segment);
		flip(segment, 100, 0, 50);
	},
};

const begun = new Set<string>();
export const restic: Engine = {
	name: "restic",
	// The first create initializes a missing repository; restic.test.ts covers this.
	open(below) {
		if (!begun.has(below)) cheapRepository(repoOf(below), passphraseFile);
		begun.add(below);
		return openRestic(below);
	},
	damage(below) {
		// Both packs with file contents and packs with folders; the latter are also in restic's cache.
		for (const pack of filesBelow(join(repoOf(below), "data"))) flip(pack, 10, -200, 50);
	},
};

export const localbackup: Engine = { name: "localbackup", open: (below) => openLocalbackup(below) };

export const ENGINES: readonly Engine[] = [tar, borgbackup, restic, localbackup];
