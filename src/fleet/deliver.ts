// Deliver files to a machine, for as long as they are needed there: what arrives includes passphrases.
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { describeEnd } from "../host/exec.ts";
import { HoldfastError } from "../values/error.ts";
import type { Session, SessionEnd } from "./ssh-words.ts";
import { type Content, tarOf } from "./tar-stream.ts";
import { BEGIN, type Target } from "./target.ts";

/**
 * Makes the folder, works in it as long as the session lasts, and removes it. The last word that it got was `keep`: the run
 * that installs from it goes on without the session, and removes it. A working folder shows that it is in use (run/arrivals.ts).
 */
const HOLD = `umask 077; mkdir -p -- "$1" && cd -- "$1" || exit; echo ${BEGIN}; keep=; while read -r word; do keep=$word; done; [ "$keep" ] || { cd /; rm -rf -- "$1" || { sleep 1; rm -rf -- "$1"; }; }`;

/**
 * Send files, by name, into a new private folder there, and work with them. It is removed afterwards, and also if this process is
 * killed or the connection breaks, unless the work has handed it over.
 */
export async function deliver<T>(
	target: Target,
	folder: string,
	files: ReadonlyMap<string, Content>,
	signal: AbortSignal,
	work: (handOver: () => void) => Promise<T>,
): Promise<T> {
	signal.throwIfAborted();
	const held = await hold(target, folder);
	let isHandedOver = false;
	try {
		await send(target, folder, files, signal);
		const result = await work(() => {
			isHandedOver = true;
			held.stdin?.write("keep\n");
		});
		isHandedOver = false;
		return result;
	} finally {
		// If the work failed afterwards, the run there may still be at work.
		held.stdin?.end(isHandedOver ? "" : "\n");
		await held.done.catch(() => {});
	}
}

async function hold(target: Target, folder: string): Promise<Session> {
	const ready = Promise.withResolvers<void>();
	let said = "";
	const child = await target.start(["sh", "-c", HOLD, "sh", folder], {
		pipeIn: true,
		reader: {
			push(chunk) {
				said = (said + chunk.toString("latin1")).slice(-2 * BEGIN.length);
				if (said.includes(`${BEGIN}\n`)) ready.resolve();
			},
		},
	});
	const ended = child.done.then((result) => {
		throw refused(target, folder, result);
	});
	ended.catch(() => {});
	await Promise.race([ready.promise, ended]);
	return child;
}

async function send(
	target: Target,
	folder: string,
	files: ReadonlyMap<string, Content>,
	signal: AbortSignal,
): Promise<void> {
	// The sender's user does not exist there, or is somebody else of the same name.
	const unpack = await target.start(["sh", "-c", 'umask 077; exec tar -xzo -C "$1"', "sh", folder], {
		pipeIn: true,
		signal,
	});
	if (!unpack.stdin) throw new Error("no pipe");
	const sent = await pipeline(Readable.from(tarOf(files)), createGzip({ level: 1 }), unpack.stdin, {
		signal,
	}).then(
		() => undefined,
		(error: unknown) => error,
	);
	const unpacked = await unpack.done;
	signal.throwIfAborted();
	if (unpacked.code !== 0) throw refused(target, folder, unpacked);
	if (sent) throw new HoldfastError("failed", "could not pack the files to send", { cause: sent });
}

function refused(target: Target, folder: string, end: SessionEnd): HoldfastError {
	if (/No space left on device/.test(end.stderr.join("\n")))
		return new HoldfastError("disk-full", `no space left on ${target.machine} in ${folder}`, {
			subject: target.machine,
			details: end.stderr,
			hint: `free some space there; see: df -h ${folder}`,
		});
	return target.fault(end, `${target.machine} did not accept the files: it ${describeEnd(end)}`);
}
