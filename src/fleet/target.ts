// A machine that is deployed to, before Holdfast is on it: nothing is needed there but a POSIX shell, coreutils, tar,
// gzip and systemd. The same for this machine itself.
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type Child, describeEnd, type ExecOptions, start } from "../host/exec.ts";
import { HoldfastError } from "../manifest/error.ts";
import type { Connection } from "./ssh.ts";

export interface Target {
	readonly machine: string;
	start(argv: readonly string[], options?: Omit<ExecOptions, "env">): Promise<Child>;
	/** An error out of what a session said. */
	fault(stderr: readonly string[], otherwise: string): HoldfastError;
}

export function targetOver(connection: Connection): Target {
	return {
		machine: connection.address.machine,
		start: (argv, options) => connection.start(argv, options),
		fault: (stderr, otherwise) => connection.fault(stderr, otherwise),
	};
}

export function targetHere(machine: string): Target {
	return {
		machine,
		start: (argv, options) => start(argv, options),
		fault: (stderr, otherwise) => new HoldfastError("failed", otherwise, { details: stderr }),
	};
}

export interface Facts {
	readonly os: string;
	/** As `uname -m`. */
	readonly arch: string;
	readonly uid: number;
	readonly home: string;
	readonly systemd: boolean;
	readonly nixos: boolean;
	/** Bytes free where it arrives, and where it stays. */
	readonly room: readonly number[];
}

/** What a script prints there; one that fails is an error. `args` are its `$1`, `$2` … */
export async function script(
	target: Target,
	text: string,
	args: readonly string[] = [],
	doing = "look at it",
): Promise<string> {
	const child = await target.start(["sh", "-c", `echo ${BEGIN}\n${text}`, "sh", ...args], { pipeOut: true });
	const chunks: Buffer[] = [];
	for await (const chunk of child.stdout ?? []) chunks.push(chunk as Buffer);
	const result = await child.done;
	if (result.code !== 0)
		throw target.fault(result.stderr, `${target.machine}: could not ${doing}: it ${describeEnd(result)}`);
	const said = Buffer.concat(chunks).toString("utf8");
	return said.slice(said.indexOf(`${BEGIN}\n`) + BEGIN.length + 1);
}

/** What a shell's own start-up files print comes before it. */
const BEGIN = "holdfast-begins-here";

const LOOK = `
echo "os $(uname -s)"; echo "arch $(uname -m)"; echo "uid $(id -u)"; echo "home $HOME"
if [ -d /run/systemd/system ]; then echo systemd yes; fi
if [ -e /etc/NIXOS ]; then echo nixos yes; fi
for place; do while [ ! -d "$place" ]; do place=\${place%/*}; place=\${place:-/}; done
	echo "room $(df -Pk "$place" | tail -n 1 | awk '{ print $4 }')"; done
`;

/** `rooms`: folders in which there must be room, though they may not be there yet. */
export async function factsOf(target: Target, rooms: readonly string[]): Promise<Facts> {
	const lines = (await script(target, LOOK, rooms)).split("\n").map((line) => {
		const at = line.indexOf(" ");
		return [line.slice(0, at), line.slice(at + 1)] as const;
	});
	const value = (key: string) => lines.find(([name]) => name === key)?.[1] ?? "";
	return {
		os: value("os"),
		arch: value("arch"),
		uid: Number(value("uid")),
		home: value("home"),
		systemd: value("systemd") === "yes",
		nixos: value("nixos") === "yes",
		room: lines.filter(([name]) => name === "room").map(([, kib]) => Number(kib) * 1024),
	};
}

/** SHA-256 of those that are there, by path. */
export async function hashesOf(target: Target, paths: readonly string[]): Promise<Map<string, string>> {
	const text = await script(target, 'sha256sum -- "$@" 2>/dev/null; true', paths);
	return new Map(
		text
			.split("\n")
			.filter((line) => line !== "" && !line.startsWith("\\"))
			.map((line) => [line.slice(66), line.slice(0, 64)] as const),
	);
}

/** The text of a file there, or undefined. */
export async function textOf(target: Target, path: string): Promise<string | undefined> {
	const text = await script(target, 'if [ -e "$1" ]; then echo there; cat -- "$1"; fi', [path]);
	return text === "" ? undefined : text.slice("there\n".length);
}

/** What is sent: a text, or a file of this machine. */
export type Content = { readonly text: string } | { readonly file: string };

/** Files by name into a new private folder there. */
export async function send(
	target: Target,
	folder: string,
	files: ReadonlyMap<string, Content>,
): Promise<void> {
	const stage = await mkdtemp(join(tmpdir(), "holdfast-send-"));
	try {
		for (const [name, content] of files)
			if ("text" in content) await writeFile(join(stage, name), content.text, { mode: 0o600 });
			else await symlink(content.file, join(stage, name));
		const pack = await start(["tar", "-ch", "--use-compress-program=gzip -1", "-C", stage, "."], {
			pipeOut: true,
		});
		const unpack = await target.start(
			["sh", "-c", 'umask 077; mkdir -p -- "$1" && tar -xz -C "$1"', "sh", folder],
			{ pipeIn: true },
		);
		if (!pack.stdout || !unpack.stdin) throw new Error("no pipe");
		const sent = await pipeline(pack.stdout, unpack.stdin).then(
			() => undefined,
			(error: unknown) => error,
		);
		const [packed, unpacked] = await Promise.all([pack.done, unpack.done]);
		if (unpacked.code !== 0) throw refused(target, folder, unpacked.stderr, describeEnd(unpacked));
		if (packed.code !== 0 || sent)
			throw new HoldfastError("failed", "could not pack what is to be sent", {
				cause: sent,
				details: packed.stderr,
			});
	} finally {
		await rm(stage, { recursive: true, force: true });
	}
}

function refused(target: Target, folder: string, stderr: readonly string[], end: string): HoldfastError {
	if (/No space left on device/.test(stderr.join("\n")))
		return new HoldfastError("failed", `no space left on ${target.machine} in ${folder}`, {
			details: stderr,
			hint: `make room there; see: df -h ${folder}`,
		});
	return target.fault(stderr, `${target.machine} did not take what was sent: it ${end}`);
}
