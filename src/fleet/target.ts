// A machine that is deployed to, before Holdfast is installed: it needs only a POSIX shell, coreutils, tar, gzip and
// systemd. This machine itself is treated the same way.
import * as v from "valibot";
import { describeEnd, type ExecOptions, start } from "../host/exec.ts";
import { answerReader } from "../host/lines.ts";
import { HoldfastError } from "../values/error.ts";
import { issueOf } from "./protocol.ts";
import { quoted } from "./quoted.ts";
import { answerSeconds, type Connection, greetingSeconds } from "./ssh.ts";
import { type Said, type Session, sessionOf } from "./ssh-words.ts";

export interface Target {
	readonly machine: string;
	start(argv: readonly string[], options?: Omit<ExecOptions, "env">): Promise<Session>;
	/** Turns a session's output into an error. */
	fault(said: Said, otherwise: string, noise?: readonly string[]): HoldfastError;
}

export function targetOver(connection: Connection): Target {
	return {
		machine: connection.address.machine,
		start: (argv, options) => connection.start(argv, options),
		fault: (...said) => connection.fault(...said),
	};
}

export function targetHere(machine: string): Target {
	return {
		machine,
		async start(argv, options) {
			const child = await start(argv, options);
			return sessionOf(
				child,
				child.done.then((result) => ({ ...result, ssh: [] })),
			);
		},
		fault: ({ stderr }, otherwise) => new HoldfastError("failed", otherwise, { details: stderr }),
	};
}

export interface Facts {
	readonly os: string;
	/** As printed by `uname -m`. */
	readonly arch: string;
	readonly uid: number;
	readonly home: string;
	readonly systemd: boolean;
	readonly nixos: boolean;
	/** Free bytes where files arrive, and where they are installed. */
	readonly room: readonly number[];
}

/** Maximum MiB of a script's output: a manifest, hashes, a record. */
const MAX_MIB = 16;

/** Run a script there and return its output; throws if it fails. `args` are its `$1`, `$2` … */
export async function script(
	target: Target,
	text: string,
	args: readonly string[] = [],
	doing = "inspect it",
): Promise<string> {
	const failed = (why: string) => `${target.machine}: could not ${doing}: it ${why}`;
	const tooMuch = () =>
		new HoldfastError("answer-invalid", failed(`sent more than ${MAX_MIB} MiB`), {
			subject: target.machine,
		});
	const held = answerReader(MAX_MIB * 1024 ** 2);
	const seconds = answerSeconds();
	const stop = new AbortController();
	const late = setTimeout(() => stop.abort(), greetingSeconds() * 1000).unref();
	let lately = "";
	let hasBegun = false;
	const child = await target.start(["sh", "-c", `echo ${BEGIN}; exec sh`], {
		signal: stop.signal,
		timeoutSeconds: seconds,
		pipeIn: true,
		mostMessages: { bytes: MAX_MIB * 1024 ** 2, fault: tooMuch },
		reader: {
			push(chunk) {
				try {
					held.push(chunk);
				} catch {
					throw tooMuch();
				}
				if (hasBegun) return;
				lately += chunk.toString("latin1");
				hasBegun = lately.includes(`${BEGIN}\n`);
				lately = lately.slice(-BEGIN.length);
				if (!hasBegun) return;
				clearTimeout(late);
				// The login shell may be one that would not understand it.
				child.stdin?.end(`set -- ${args.map(quoted).join(" ")}\n{\n${text}\n} </dev/null\n`);
			},
		},
	});
	const result = await child.done.finally(() => clearTimeout(late));
	const said = held.text();
	const at = said.indexOf(`${BEGIN}\n`);
	if (result.code === 0 && at >= 0) return said.slice(at + BEGIN.length + 1);
	const end = stop.signal.aborted
		? `accepted the login and ran nothing for ${greetingSeconds()} seconds (does a start-up file of its shell wait?)`
		: describeEnd(result, seconds);
	throw target.fault(result, failed(end), linesOf(at < 0 ? said : ""));
}

const linesOf = (text: string) => text.split("\n").filter((line) => line.trim() !== "");

/** Output of the shell's start-up files precedes it. */
export const BEGIN = "holdfast-begins-here";

const LOOK = `
echo "os $(uname -s)"; echo "arch $(uname -m)"; echo "uid $(id -u)"; echo "home $HOME"
if [ -d /run/systemd/system ]; then echo systemd yes; fi
if [ -e /etc/NIXOS ]; then echo nixos yes; fi
for place; do while [ ! -d "$place" ]; do place=\${place%/*}; place=\${place:-/}; done
	echo "room $(df -Pk "$place" | tail -n 1 | awk '{ print $4 }')"; done
`;

/** `rooms`: folders that need free space, though they may not exist yet. */
export async function factsOf(target: Target, rooms: readonly string[]): Promise<Facts> {
	const lines = (await script(target, LOOK, rooms)).split("\n").map((line) => {
		const at = line.indexOf(" ");
		return [line.slice(0, at), line.slice(at + 1)] as const;
	});
	const value = (key: string) => lines.find(([name]) => name === key)?.[1] ?? "";
	const facts = v.safeParse(factsSchema, {
		os: value("os"),
		arch: value("arch"),
		uid: Number(value("uid") || "none"),
		home: value("home"),
		systemd: value("systemd") === "yes",
		nixos: value("nixos") === "yes",
		// If df does not know, do not refuse.
		room: lines
			.filter(([name]) => name === "room")
			.map(([, kib]) => (Number(kib) >= 0 ? Number(kib) * 1024 : Number.POSITIVE_INFINITY)),
	});
	if (facts.success) return facts.output;
	throw new HoldfastError(
		"answer-invalid",
		`${target.machine} reported invalid facts about itself (${issueOf(facts.issues)})`,
		{
			subject: target.machine,
			hint: `log in there and check what its shell prints: id -u; uname -sm; df -Pk /`,
		},
	);
}

const word = v.pipe(v.string(), v.regex(/^[\w.-]{1,64}$/));
const factsSchema = v.object({
	os: word,
	arch: word,
	uid: v.pipe(v.number(), v.integer(), v.minValue(0)),
	home: v.pipe(v.string(), v.maxLength(1_000), v.regex(/^\/[^\p{Cc}]*$/u)),
	systemd: v.boolean(),
	nixos: v.boolean(),
	room: v.pipe(v.array(v.pipe(v.number(), v.minValue(0))), v.maxLength(10)),
});

/** SHA-256 of the files that exist, by path. */
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
