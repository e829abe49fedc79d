// Run rsnapshot: its configuration, what it and rsync say, and their errors in words a person can act on.
import { access, constants, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Enclosure } from "../../host/enclosure.ts";
import { describeEnd, exec } from "../../host/exec.ts";
import { writeSynced } from "../../host/files.ts";
import { howToInstall, programPath } from "../../host/programs.ts";
import { HoldfastError } from "../../manifest/error.ts";
import { diskFault } from "../disk-fault.ts";
import type { Work } from "../provider.ts";

/**
 * Write `conf` into `scratch`, beside the `rules` there: rsnapshot(1), CONFIGURATION. With `link_dest` a file whose mode
 * changed is a new one, and older snapshots keep theirs.
 */
export async function configure(
	scratch: string,
	directory: string,
	machine: string,
	retained: number,
	watched: boolean,
): Promise<void> {
	const rows = [
		["config_version", "1.2"],
		["snapshot_root", `${directory}/`],
		["no_create_root", "1"],
		["cmd_rsync", await rsyncIn(scratch)],
		["cmd_rm", programIn("rm", "coreutils")],
		["lockfile", join(scratch, "lock")],
		["retain", "snapshot", String(retained)],
		["sync_first", "1"],
		["link_dest", "1"],
		// With less it keeps to itself what rsync says.
		["verbose", "3"],
		["rsync_short_args", "-aHAXS"],
		[
			"rsync_long_args",
			// rsync compares times by the second: a file that is written again within one would stay as it was.
			`--numeric-ids --modify-window=-1 --from0 "--filter=merge_${join(scratch, "rules")}"${watched ? " --info=progress2 --no-inc-recursive" : ""}`,
		],
		["backup", "/", `${machine}/`],
	];
	await writeSynced(join(scratch, "conf"), rows.map((row) => `${row.join("\t")}\n`).join(""));
}

/** rsnapshot ends with us, and would leave its rsync writing: a script in `scratch` has it end with rsnapshot. */
async function rsyncIn(scratch: string): Promise<string> {
	const rsync = programIn("rsync", "rsync");
	const script = join(scratch, "rsync");
	await writeFile(script, '#!/bin/sh\nexec setpriv --pdeathsig KILL -- rsync "$@"\n', { mode: 0o700 });
	// On a disk that is mounted with noexec nothing can be started.
	return access(script, constants.X_OK).then(
		() => script,
		() => rsync,
	);
}

function programIn(name: string, debianPackage: string): string {
	const path = programPath(name);
	if (path !== undefined) return path;
	throw new HoldfastError("failed", `${name} is not installed`, { hint: howToInstall(debianPackage) });
}

export async function rsnapshot(
	scratch: string,
	verb: "sync" | "snapshot",
	directory: string,
	work: Work,
	unreadable: { path: string; reason: string }[],
	enclosure: Enclosure | undefined,
): Promise<void> {
	const said: string[] = [];
	const hear = (line: string) => {
		// rsync's own progress: "    32,768  12%  3.1MB/s    0:00:05".
		const [, bytes, percent] = /^\s*([\d,]+)\s+(\d+)%/.exec(line) ?? [];
		if (bytes !== undefined) {
			const done = Number(bytes.replaceAll(",", ""));
			const part = Number(percent) / 100;
			return work.progress({ bytes: done, ...(part > 0 ? { totalBytes: Math.round(done / part) } : {}) });
		}
		if (/^-*$/.test(line)) return;
		said.push(line);
		work.log(line);
		const fault = /^rsync: .*(?:failed to open|readlink_stat|send_files).*?"(.*?)".*?: (.*)$/.exec(line);
		if (fault) unreadable.push({ path: fault[1] ?? "", reason: fault[2] ?? "" });
	};
	const result = await exec(["rsnapshot", "-c", join(scratch, "conf"), verb], {
		signal: work.signal,
		enclosure,
		onStdout: hear,
		onStderr: hear,
	});
	work.signal.throwIfAborted();
	// 2: something was left out or had vanished (rsnapshot(1), EXIT VALUES).
	if (result.code === 0 || result.code === 2) return;
	const text = said.join("\n");
	if (result.code === 127)
		throw new HoldfastError("failed", "rsnapshot is not installed", {
			hint: howToInstall("rsnapshot"),
		});
	for (const [words, code] of [
		["No space left on device", "ENOSPC"],
		["Read-only file system", "EROFS"],
	] as const)
		if (text.includes(words)) throw diskFault(Object.assign(new Error(said.at(-1)), { code }), directory);
	throw new HoldfastError("failed", `rsnapshot ${describeEnd(result)} in ${directory}`, {
		details: said.slice(-10),
	});
}
