// The plan of `restore --into`: extract into another folder, without touching units, hooks or live folders.
import type { Manifest } from "../manifest/schema.ts";
import { extract as extractKind } from "../steps/extract.ts";
import type { ArchiveSource } from "../steps/fields.ts";
import type { Plan } from "../steps/plan.ts";

export interface ExtractRequest {
	readonly manifest: Manifest;
	readonly run: string;
	readonly source: ArchiveSource;
	/** The paths in the archive. */
	readonly paths: readonly string[];
	readonly into: string;
	readonly specialFiles: boolean;
}

export function planExtract({ manifest, run, source, paths, into, specialFiles }: ExtractRequest): Plan {
	const scope = "extract";
	return {
		version: 1,
		run,
		operation: "extract",
		manifest,
		steps: [
			extractKind.step({
				id: extractKind.id(),
				scope,
				title: `extract ${paths.join(", ")} below ${into}`,
				touches: [into],
				...source,
				paths,
				into,
				specialFiles,
			}),
		],
		goals: [scope],
	};
}
