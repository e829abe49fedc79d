// Runs rsnapshot: its configuration, and the output and errors of rsnapshot and rsync.
import { access, constants, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Enclosure } from "../../host/enclosure.ts";
import { describeEnd, exec } from "../../host/exec.ts";
import { writeSynced } from "../../host/files.ts";
import { lastLines } from "../../host/last-lines.ts";
import { nameOf } from "../../host/names.ts";
import { howToInstall, programPath } from "../../host/programs.ts";
import { HoldfastError } from "../../values/error.ts";
import type { Work } from "../destination.ts";
import { type DiskError, diskErrorAtEnd, rsyncDiskError } from "../disk-error.ts";
import { diskFault } from "../disk-fault.ts";
import { saysAbsent, type Watch } from "../unsteady.ts";

/** How many of its last lines are kept. */
const MAX_LINES = 10;

/**
 * Write `conf` to `scratch`, next to `rules`: rsnapshot(1), CONFIGURATION. With `link_dest` a file whose mode has changed
 * becomes a new file, so older snapshots keep the old mode.
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
		// At lower levels it hides rsync's messages.
		["verbose", "3"],
		["rsync_short_args", "-aHAXS"],
		[
			"rsync_long_args",
			// rsync compares times in seconds: a file written twice within one would not be copied again.
			`--numeric-ids --out-format=${READ}%t:%b:%n --modify-window=-1 --from0 "--filter=merge_${join(scratch, "rules")}"${watched ? " --info=progress2 --no-inc-recursive" : ""}`,
		],
		["backup", "/", `${machine}/`],
	];
	await writeSynced(join(scratch, "conf"), rows.map((row) => `${row.join("\t")}\n`).join(""));
}

/** rsnapshot ends with this process, but its rsync would go on writing: a script in `scratch` ends it with rsnapshot. */
async function rsyncIn(scratch: string): Promise<string> {
	const rsync = programIn("rsync", "rsync");
	const script = join(scratch, "rsync");
	await writeFile(script, '#!/bin/sh\nexec setpriv --pdeathsig KILL -- rsync "$@"\n', { mode: 0o700 });
	// Nothing can be started from a disk that is mounted with noexec.
	return access(script, constants.X_OK).then(
		() => script,
		() => rsync,
	);
}

/** The beginning of the line that rsync prints after reading a file: rsyncd.conf(5), "log format". */
const READ = "read:%i:";
/** The change, the second of the minute in which rsync printed it, and the name. */
const READ_LINE = /^read:(\S*):[\d/]+ \d+:\d+:(\d+):\d+:(.*)$/;

/** When a line was printed, at the earliest. On a busy machine it is heard late, and a file may have changed since. */
function printedAt(second: number): number {
	const now = Date.now();
	const late = (Math.floor(now / 1000) - second + 60) % 60;
	return (Math.floor(now / 1000) - late) * 1000;
}

/** rsync's message about one file. */
interface Told {
	readonly unreadable: { path: string; reason: string }[];
	readonly watch: Watch;
	/** The requested paths. */
	readonly roots: ReadonlySet<string>;
}

function programIn(name: string, debianPackage: string): string {
	const path = programPath(name);
	if (path !== undefined) return path;
	throw new HoldfastError("program-not-found", `${name} is not installed`, {
		subject: name,
		hint: howToInstall(debianPackage),
	});
}

export async function rsnapshot(
	scratch: string,
	verb: "sync" | "snapshot",
	directory: string,
	work: Work,
	told: Told,
	enclosure: Enclosure | undefined,
): Promise<void> {
	const said = lastLines(MAX_LINES);
	let failed: DiskError | undefined;
	const began = Date.now();
	let since = began;
	const hear = (line: string) => {
		// rsync's own progress: "    32,768  12%  3.1MB/s    0:00:05".
		const [, bytes, percent] = /^\s*([\d,]+)\s+(\d+)%/.exec(line) ?? [];
		if (bytes !== undefined) {
			const done = Number(bytes.replaceAll(",", ""));
			const part = Number(percent) / 100;
			return work.progress({ bytes: done, ...(part > 0 ? { totalBytes: Math.round(done / part) } : {}) });
		}
		if (/^-*$/.test(line)) return;
		const [, change, second, name = ""] = READ_LINE.exec(line) ?? [];
		if (change !== undefined) {
			// Files are read one after another.
			if (change.startsWith(">f")) told.watch.readSince(`/${unquoted(name)}`, since);
			since = Math.max(began, printedAt(Number(second)));
			return;
		}
		said.add(line);
		work.log(line);
		failed ??= rsyncDiskError(line) ?? ownDiskError(line);
		hearFault(line, told);
	};
	const result = await exec(["rsnapshot", "-c", join(scratch, "conf"), verb], {
		signal: work.signal,
		enclosure,
		onStdout: hear,
		onStderr: hear,
	});
	work.signal.throwIfAborted();
	// 2: something was skipped or had vanished (rsnapshot(1), EXIT VALUES).
	if (result.code === 0 || result.code === 2) return;
	if (result.code === 127)
		throw new HoldfastError("program-not-found", "rsnapshot is not installed", {
			subject: "rsnapshot",
			hint: howToInstall("rsnapshot"),
		});
	if (failed !== undefined)
		throw diskFault(Object.assign(new Error(said.lines.at(-1)), { code: failed }), directory);
	throw new HoldfastError("program-failed", `rsnapshot ${describeEnd(result)} in ${directory}`, {
		subject: "rsnapshot",
		details: said.lines,
	});
}

/** rsnapshot's own errors name only its settings and folders. */
const ownDiskError = (line: string) => (line.startsWith("ERROR: ") ? diskErrorAtEnd(line) : undefined);

function hearFault(line: string, { unreadable, watch, roots }: Told): void {
	const [, vanished] = /^(?:file|directory) has vanished: "(.*)"/.exec(line) ?? [];
	const [, quoted = vanished, reason = "it vanished"] =
		/^rsync: .*(?:failed to open|readlink_stat|send_files|read errors mapping|opendir).*?"(.*?)".*?: (.*)$/.exec(
			line,
		) ?? [];
	if (quoted === undefined) return;
	const path = unquoted(quoted);
	// The file shrank while it was read.
	if (/^No data available( \(61\))?$/.test(reason)) watch.changed(path);
	else if ((vanished !== undefined || saysAbsent(reason)) && !roots.has(path)) watch.vanished(path);
	else unreadable.push({ path, reason });
}

/** rsync writes the bytes of a name that do not print as `\\#` and three octal digits. */
function unquoted(name: string): string {
	const bytes = Buffer.from(name, "utf8").toString("latin1");
	const meant = bytes.replace(/\\#([0-7]{3})/g, (_, octal: string) =>
		String.fromCharCode(Number.parseInt(octal, 8)),
	);
	return nameOf(Buffer.from(meant, "latin1"));
}
