// Streams for `borg create`. One goes through standard input; any others are written to files first. borg can read named
// pipes as files (`--read-special`), but it would then read every pipe it finds, and the owner of a folder in the archive
// could create one to make it wait forever.
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { isErrno } from "../../values/error.ts";
import type { ArchiveRequest, StreamRoot, Work } from "../destination.ts";

export interface Streams {
	/** Options and paths for borg, before those of the folders. */
	readonly options: readonly string[];
	readonly paths: readonly string[];
	/** Aborted when a stream fails or the work is aborted: borg must be ended then. */
	readonly signal: AbortSignal;
	/** Run borg with its standard input connected. If a stream fails, throws its error after borg has ended. */
	during<T>(run: (feed?: (input: Writable) => void) => Promise<T>): Promise<T>;
}

export function openStreams({ streams = [] }: ArchiveRequest, work: Work): Streams {
	const [first, ...others] = streams;
	if (first === undefined)
		return { options: [], paths: [], signal: work.signal, during: async (run) => run() };
	if (others.length > 0) work.log("borg can stream only one dump: the others are written to files first");
	const failed = new AbortController();
	const signal = AbortSignal.any([work.signal, failed.signal]);
	return {
		options: [`--stdin-name=${first.path.slice(1)}`, "--stdin-mode=0600"],
		paths: ["-", ...others.map(({ path }) => path.slice(1))],
		signal,
		async during(run) {
			let fault: unknown;
			let flows = Promise.resolve();
			const feed = (input: Writable) => {
				flows = flow(first, input, signal).catch((error: unknown) => {
					// borg has exited and reports the reason itself.
					if (!isErrno(error, "EPIPE") && !failed.signal.aborted) fault ??= error;
					failed.abort();
				});
			};
			try {
				for (const stream of others) await writeFile(stream, work.signal);
				const result = await run(feed);
				await flows;
				if (fault !== undefined) throw fault;
				return result;
			} catch (error) {
				work.signal.throwIfAborted();
				throw fault ?? error;
			} finally {
				failed.abort();
				await flows;
				for (const { path } of others) await rm(path, { force: true });
			}
		},
	};
}

/** borg sees the end of a stream only if its content is complete; otherwise borg must be ended first. */
async function flow({ open }: StreamRoot, input: Writable, signal: AbortSignal): Promise<void> {
	try {
		const content = await open(signal);
		await pipeline(content.output, input, { end: false, signal });
		await content.whole;
		input.end();
	} catch (error) {
		// Held open until borg has ended.
		signal.addEventListener("abort", () => input.destroy());
		if (signal.aborted) input.destroy();
		throw error;
	}
}

async function writeFile({ path, open }: StreamRoot, signal: AbortSignal): Promise<void> {
	const content = await open(signal);
	await pipeline(content.output, createWriteStream(path, { flags: "wx", mode: 0o600 }), { signal });
	await content.whole;
}
