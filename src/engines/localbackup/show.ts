// Shows an archive as a folder.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { exec, execOk } from "../../host/exec.ts";
import { privateFolder } from "../../host/files.ts";
import type { Folder } from "../../host/folder.ts";
import { isMountPoint } from "../../host/mounts.ts";
import type { Work } from "../destination.ts";

const POLL_MS = 100;

/**
 * Binds the files read-only to another folder. Like the disk that holds them, it may be closed to other users: nobody may use
 * setuid files or devices in it.
 */
export async function show(
	files: Folder,
	at: string,
	name: string,
	mounted: (where: string) => void,
	work: Work,
): Promise<void> {
	await privateFolder(at);
	const where = join(at, name);
	const closed = ["-t", "tmpfs", "-o", "mode=0700,nosuid,nodev,noexec,size=64k", "--", "holdfast", at];
	await execOk(["mount", ...closed], { doing: `make ${at} private` });
	try {
		await mkdir(where, { mode: 0o700 });
		await execOk(["mount", "--no-canonicalize", "--bind", ".", where], {
			cwd: files.self,
			doing: `show ${files.path} at ${where}`,
		});
		await execOk(["mount", "-o", "remount,bind,ro,nosuid,nodev", where], {
			doing: `make ${where} read-only`,
		});
		mounted(where);
		while (!work.signal.aborted) await pause(POLL_MS);
	} finally {
		for (const one of [where, at]) {
			if (!(await isMountPoint(one))) continue;
			const end = await exec(["umount", "--", one]);
			if (end.code !== 0) await exec(["umount", "--lazy", "--", one]);
		}
	}
}
