// Streams for `borg create --read-special`, which reads a FIFO as if it were a file. It would do so with every FIFO and
// device that it meets, and wait for ever for one that nobody writes to: where the roots hold any, streams go through
// files instead.
import { constants, createWriteStream, openSync } from "node:fs";
import { rm } from "node:fs/promises";
import { Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import { setTimeout as pause } from "node:timers/promises";
import { execOk, execText } from "../../host/exec.ts";
import { sideBySide } from "../../host/side-by-side.ts";
import { isErrno } from "../../manifest/error.ts";
import { type ArchiveRequest, STREAMS_AHEAD, type StreamRoot, type Work } from "../provider.ts";

export interface Streams {
	/** Whether borg must be told to read special files. */
	readonly special: boolean;
	/** Aborted when a stream fails, or with the work's own: borg must be ended then. */
	readonly signal: AbortSignal;
	/** Run borg while the streams flow. When a stream fails its error is thrown, and borg has ended before. */
	during<T>(run: () => Promise<T>): Promise<T>;
}

/** Between two looks whether borg has come to a FIFO. */
const POLL_MS = 20;

export async function openStreams({ streams = [], roots }: ArchiveRequest, work: Work): Promise<Streams> {
	if (streams.length === 0) return { special: false, signal: work.signal, during: (run) => run() };
	const files = streams.map(({ path }) => path);
	if (await holdSpecialFiles(roots.map(({ path }) => path))) {
		work.log("the folders hold FIFOs or devices: dumps go through files, not streams");
		return {
			special: false,
			signal: work.signal,
			async during(run) {
				try {
					for (const stream of streams) await writeFile(stream, work.signal);
					return await run();
				} finally {
					await remove(files);
				}
			},
		};
	}
	await execOk(["mkfifo", "--mode=600", "--", ...files], { doing: "make FIFOs for dumps" });
	const failed = new AbortController();
	const signal = AbortSignal.any([work.signal, failed.signal]);
	return {
		special: true,
		signal,
		async during(run) {
			let fault: unknown;
			// borg reads them in this order: the next few begin before it comes to them.
			const flows = sideBySide(streams, STREAMS_AHEAD, (stream) =>
				flow(stream, signal).catch((error: unknown) => {
					// borg has gone, and says itself why.
					if (!isErrno(error, "EPIPE") && !failed.signal.aborted) fault ??= error;
					failed.abort();
				}),
			);
			try {
				const result = await run();
				await flows;
				if (fault !== undefined) throw fault;
				return result;
			} catch (error) {
				work.signal.throwIfAborted();
				throw fault ?? error;
			} finally {
				failed.abort();
				await flows;
				await remove(files);
			}
		},
	};
}

/** borg sees the end of a stream only once its content is whole; when it is not, it must be ended before. */
async function flow({ path, open }: StreamRoot, signal: AbortSignal): Promise<void> {
	const content = await open(signal);
	const pipe = await openPipe(path, signal);
	try {
		await pipeline(content.output, pipe, { end: false, signal });
		await content.whole;
		pipe.destroySoon();
	} catch (error) {
		// Held open until borg has ended.
		signal.addEventListener("abort", () => pipe.destroy());
		if (signal.aborted) pipe.destroy();
		throw error;
	}
}

/**
 * Opened once borg reads at its other end: what is written to a FIFO that nobody has open is lost. Not through Node's
 * files: each blocked write would hold one of its few threads.
 */
async function openPipe(path: string, signal: AbortSignal): Promise<Socket> {
	for (;;) {
		signal.throwIfAborted();
		try {
			const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
			return new Socket({ fd, readable: false, writable: true });
		} catch (error) {
			if (!isErrno(error, "ENXIO")) throw error;
			await pause(POLL_MS, undefined, { signal });
		}
	}
}

async function writeFile({ path, open }: StreamRoot, signal: AbortSignal): Promise<void> {
	const content = await open(signal);
	await pipeline(content.output, createWriteStream(path, { flags: "wx", mode: 0o600 }), { signal });
	await content.whole;
}

async function remove(files: readonly string[]): Promise<void> {
	for (const file of files) await rm(file, { force: true });
}

async function holdSpecialFiles(folders: readonly string[]): Promise<boolean> {
	if (folders.length === 0) return false;
	const special = ["(", "-type", "p,b,c", "-o", "-type", "l", "-xtype", "p,b,c", ")"];
	// What cannot be read is the backup's own to report.
	const { text } = await execText(["find", "-P", ...folders, ...special, "-print", "-quit"]);
	return text !== "";
}
