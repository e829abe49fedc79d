// A store that is dumped and loaded by commands of the config. They run as hooks do. A load reads the dump from a file
// that is its standard input, so it may also seek in it, or open it again.
import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import { describeEnd, exec } from "../../host/exec.ts";
import { argvOf, userOptions } from "../../host/user-command.ts";
import { account, ownUser } from "../../host/users.ts";
import { HoldfastError, inOneLine } from "../../values/error.ts";
import type { UserCommand } from "../../values/user-command.ts";
import { dumpBy, NOT_FOUND } from "../client.ts";
import type { DumpStream, RowCounts, StoreDatabase, Work } from "../database.ts";
import type { CommandDump } from "./schema.ts";

/**
 * Node gives a child a socket as its standard output, and /dev/stdout of a socket cannot be opened: a program that only
 * writes to a named file needs a real pipe.
 */
const PIPED = ["bash", "-c", 'set -o pipefail; "$@" | cat', "holdfast"];

export function command({ name, command, load }: CommandDump): StoreDatabase {
	const dump = async (work: Work): Promise<DumpStream> => {
		const { env, timeoutSeconds } = await optionsFor(command, `could not dump the store ${name}`);
		const otherwise = `${byHand(command)}: it must write the dump to its standard output and end with exit code 0`;
		return dumpBy(
			{
				server: `the store ${name}`,
				...{ look: otherwise, otherwise, notFound: NOT_THERE },
				user: command.user,
				env: env ?? {},
				timeoutSeconds,
			},
			`dump the store ${name}`,
			[...PIPED, ...argvOf(command, `dump-${name}`)],
			work,
		);
	};
	return {
		kind: "store",
		facts: async () => ({ version: 1 }),
		dump: (_scratch, work) => dump(work),
		obstacles: async () => (await Promise.all([whyNotRun(load), whyNotRun(command)])).flat(),
		notes: async () =>
			(await whyNotRun(load)).map((why) => `store ${name}: a restore would fail at its load: ${why}`),
		rows: async (work) => bytes(await lengthOf(await dump(work))),
		rowsOf: async (file) => bytes((await stat(file)).size),
		load: (file, _facts, work) => loadBy(load, name, file, work),
	};
}

const LOOK_SECONDS = 60;

const byHand = ({ user }: UserCommand) =>
	`run the command by hand to find out why${user === undefined ? "" : `, as ${user}`}`;

const NOT_THERE =
	"install the program that was not found, or write its whole path in the config: a timer's PATH may be another than yours";

/** `failed`: for the message, if the command's user does not exist. */
async function optionsFor(command: UserCommand, failed: string, env: Readonly<Record<string, string>> = {}) {
	try {
		return await userOptions(command, env);
	} catch (cause) {
		throw new HoldfastError("database-failed", `${failed}: ${inOneLine(cause)}`, {
			cause,
			hint:
				(cause instanceof HoldfastError ? cause.hint : undefined) ??
				"create this user, or name another one as `user` of the command in the config",
		});
	}
}

async function loadBy(load: UserCommand, name: string, path: string, { signal, log }: Work): Promise<void> {
	await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
	const isOurs = load.user === undefined || load.user === ownUser().name;
	// Another user cannot enter the folder of the dump, but can open a file that it was handed, if that is its own.
	if (!isOurs) {
		const { uid, gid } = await account(load.user ?? "");
		await file.chown(uid, gid);
	}
	const result = await exec(argvOf(load, `load-${name}`), {
		...(await optionsFor(load, `could not load the store ${name}`, {
			HOLDFAST_DUMP: isOurs ? path : "/dev/fd/4",
		})),
		inputFile: file.fd,
		files: [file.fd],
		signal,
		onStdout: log,
		onStderr: log,
	});
	if (result.leftProcesses) log("it left processes running that kept its output open; they were killed");
	signal.throwIfAborted();
	if (result.code === 0 && !result.timedOut) return;
	throw new HoldfastError(
		"database-failed",
		`could not load the store ${name}: the command ${describeEnd(result, load.timeout)}`,
		{
			details: result.stderr.length > 0 ? result.stderr : result.stdout,
			hint:
				result.code === NOT_FOUND
					? NOT_THERE
					: `${byHand(load)}: it gets the dump on its standard input, and its path in HOLDFAST_DUMP`,
		},
	);
}

/** The first word of a script, if it is a plain one: what it calls first. */
const FIRST = /^\s*([\w./+-]+)(?=\s|;|$)/;

/** What would make a command fail at once. */
async function whyNotRun(command: UserCommand): Promise<string[]> {
	try {
		const isScript = "script" in command;
		const program = isScript ? FIRST.exec(command.script)?.[1] : command.command[0];
		if (program === undefined) return [];
		const look = isScript ? 'type -- "$1"' : 'type -P -- "$1"';
		const { env, user } = await userOptions(command, {});
		const { code } = await exec(["bash", "-c", look, "holdfast", program], {
			...(env === undefined ? {} : { env }),
			...(user === undefined ? {} : { user }),
			timeoutSeconds: LOOK_SECONDS,
		});
		return code === 0 ? [] : [`the program ${program} was not found`];
	} catch (error) {
		return [inOneLine(error)];
	}
}

/** A store has no rows that could be counted without knowing its dumps. */
function bytes(count: number): RowCounts {
	return new Map([["bytes of its dump", count]]);
}

async function lengthOf({ output, whole }: DumpStream): Promise<number> {
	let length = 0;
	for await (const chunk of output) length += (chunk as Buffer).length;
	await whole;
	return length;
}
