// For engines that mount an archive for as long as their process runs.
import { existsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { exec } from "../host/exec.ts";
import { isMountPoint } from "../host/mounts.ts";
import { howToInstall, programPath } from "../host/programs.ts";
import { HoldfastError, reportOf } from "../values/error.ts";
import type { Work } from "./destination.ts";

const POLL_MS = 50;
/** How long an engine may take to exit after its mount is gone. */
const LEAVE_MS = 10_000;

/** Run an engine that mounts in the foreground until it ends or the work is aborted, then unmount `at`. */
export async function whileMounted(
	at: string,
	mounted: () => void,
	work: Work,
	run: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
	// Unmount first, and kill the engine only if that does not end it: some leave the mount behind when they are killed.
	const kill = new AbortController();
	let ended = false;
	const engine = run(kill.signal)
		.then(
			() => undefined,
			(error: unknown) => error,
		)
		.finally(() => {
			ended = true;
		});
	let told = false;
	while (!ended && !work.signal.aborted) {
		if (!told && (await isMountPoint(at))) {
			told = true;
			mounted();
		}
		await pause(POLL_MS);
	}
	if (await isMountPoint(at)) {
		const end = await exec(["umount", "--", at]);
		if (end.code !== 0) await exec(["umount", "--lazy", "--", at]);
	}
	const limit = setTimeout(() => kill.abort(), LEAVE_MS);
	const fault = await engine.finally(() => clearTimeout(limit));
	if (fault !== undefined && !work.signal.aborted) throw (told ? undefined : missingFuse(fault)) ?? fault;
}

const OTHERWISE = "Without it: holdfast archives browse, and holdfast archives extract";

/** What the engine needs of FUSE and this machine lacks, if anything. Engines name neither. */
function missingFuse(fault: unknown): HoldfastError | undefined {
	const details = reportOf(fault).details ?? [reportOf(fault).message];
	if (!existsSync("/dev/fuse"))
		return new HoldfastError("not-supported", "nothing can be mounted: /dev/fuse does not exist", {
			...{ subject: "/dev/fuse", details, cause: fault },
			hint: `load the module with: modprobe fuse; a container must be given the device. ${OTHERWISE}`,
		});
	if (programPath("fusermount3") === undefined && programPath("fusermount") === undefined)
		return new HoldfastError("program-not-found", "nothing can be mounted: fusermount is not installed", {
			...{ subject: "fusermount", details, cause: fault },
			hint: `${howToInstall("fuse3")}. ${OTHERWISE}`,
		});
	return undefined;
}
