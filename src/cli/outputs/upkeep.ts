// What prune, recovery-sheet and adopt print with --json.
import * as v from "valibot";
import type { Command } from "../../manifest/commands.ts";
import type { Adopted } from "../../plan/adopt.ts";
import type { SheetEntry } from "../../report/result.ts";
import { record } from "../../values/record.ts";
import { anyArchive, listedArchive } from "./archives.ts";
import { about, like, maybe, type Output, type OutputCase, text, texts } from "./output.ts";
import { manifest, RUNNING } from "./runs.ts";

export const PRUNE: Output = {
	title: "What prune would remove",
	form: "document",
	schema: v.array(
		v.object({
			provider: text,
			destination: text,
			decisions: v.exactOptional(
				about(
					"newest first; absent if the destination could not be listed",
					v.array(
						v.object({
							archive: listedArchive,
							keep: v.boolean(),
							why: about("such as `daily 2026-11-24`, or that no rule keeps it", texts),
						}),
					),
				),
			),
		}),
	),
};
export const PRUNING: readonly OutputCase[] = [...RUNNING, { when: "--dry-run", output: PRUNE }];

export const SHEET: Output = {
	title: "Recovery sheet",
	form: "document",
	schema: v.array(
		like<SheetEntry>()(
			v.object({
				provider: text,
				type: text,
				destination: maybe,
				location: maybe,
				settings: about("the options of the destination, or else of the provider", record(text, v.unknown())),
				keys: v.exactOptional(about("text to keep together with the passphrase", v.string())),
				keysAreApart: v.exactOptional(about("the repository holds no copy of these keys", v.boolean())),
				fault: v.exactOptional(about("why the keys could not be read", v.string())),
			}),
		),
	),
};

export const ADOPTED: Output = {
	title: "Adopted destination",
	form: "document",
	schema: like<Adopted>()(
		v.object({
			machine: text,
			archives: about("oldest first", v.array(anyArchive)),
			newest: anyArchive,
			passedOver: about("a line for each archive that may be newer but could not be used", texts),
			dropped: about("patterns that were removed from its config", texts),
			manifest,
			commands: about(
				"the commands that its config runs",
				v.array(
					like<Command>()(
						v.object({
							path: about(
								"keys and indices from the manifest's root",
								v.array(v.union([v.string(), v.number()])),
							),
							text,
							as: v.exactOptional(about("the user that a hook runs as, in words, if it says so", v.string())),
						}),
					),
				),
			),
			provider: text,
			destination: text,
		}),
	),
};
