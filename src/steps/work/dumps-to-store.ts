// The dumps that go into an archive: files, and those that are streamed into the engine.
import { pipeline } from "node:stream";
import { openDatabase } from "../../databases/dump.ts";
import type { StreamRoot } from "../../engines/destination.ts";
import { digesting } from "../../host/digest.ts";
import type { StepContext } from "../context.ts";
import type { DumpedDatabase } from "../dump.ts";
import { dumpedBy } from "./archive-seen.ts";
import type { ToStore } from "./states-to-store.ts";

/** The scope whose dump failed while the engine was reading it. */
export type Broken = (scope: string, error: Error) => void;

export interface DumpToStore extends DumpedDatabase {
	readonly scope: string;
	readonly streamed: boolean;
}

/** What is known about streamed dumps when they are complete. */
export interface Flowed {
	/** SHA-256 in hex, by path. */
	readonly digests: Record<string, string>;
	/** Bytes, by path. */
	readonly bytes: Map<string, number>;
	/** The databases' warnings about them. */
	readonly remarks: string[];
}

export function dumpsOf({ good }: ToStore, context: StepContext): DumpToStore[] {
	return good.flatMap(([, { scope, dumps }]) =>
		dumps.flatMap(({ step, streamed }) =>
			dumpedBy(step, context).map((database) => ({ ...database, scope, streamed })),
		),
	);
}

/** A dump that is streamed into the engine. */
export function streamOf(
	{ dump, file, scope }: DumpToStore,
	{ digests, bytes: flowed, remarks }: Flowed,
	broken: Broken,
	{ log }: StepContext,
): StreamRoot {
	return {
		path: file,
		open: async (signal) => {
			try {
				const content = await (await openDatabase(dump, signal)).dump(file, { signal, log });
				content.whole.then(
					() => remarks.push(...(content.warnings ?? [])),
					(error: Error) => {
						if (!signal.aborted) broken(scope, error);
					},
				);
				const output = digesting((digest, bytes) => {
					digests[file] = digest;
					flowed.set(file, bytes);
				});
				// If one fails, the other is ended; `whole` tells which one was at fault.
				pipeline(content.output, output, () => {});
				return { ...content, output };
			} catch (error) {
				// It was ended because another failed; it is not itself at fault.
				if (!signal.aborted) broken(scope, error as Error);
				throw error;
			}
		},
	};
}
