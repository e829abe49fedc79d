// Redis and Valkey, by the programs of either: `redis-cli --rdb -` streams the dataset as the server has it at that moment. At its next start a
// server reads that file, unless its append-only file is on: then it reads only that (redis.io, "Redis persistence"),
// so that is made of the same dump.
import { once } from "node:events";
import {
	closeSync,
	constants,
	copyFileSync,
	createReadStream,
	fstatSync,
	fsyncSync,
	mkdirSync,
	openSync,
	writeFileSync,
} from "node:fs";
import { basename } from "node:path";
import { Transform } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { execText } from "../../host/exec.ts";
import { removeIn } from "../../host/files.ts";
import { enter, type Folder, openFileBelow, openFolder, split, syncFolder } from "../../host/folder.ts";
import { openForAnyone } from "../../host/handed-file.ts";
import { type FileOwner, giveTo, ownerOf } from "../../host/owner.ts";
import { programPath } from "../../host/programs.ts";
import { readSecret } from "../../host/secret.ts";
import { resolvePath } from "../../host/trust.ts";
import { stranger } from "../../host/users.ts";
import { HoldfastError, reportOf } from "../../values/error.ts";
import { type Client, dumpBy, fault, LONG_QUESTION_SECONDS, questionOptions } from "../client.ts";
import type { DumpFacts, DumpStream, FileDatabase, Work } from "../database.ts";
import type { RedisDump } from "./schema.ts";

type Product = "Redis" | "Valkey";

interface Facts extends DumpFacts, FileOwner {
	/** Undefined in archives of before Valkey's own programs were known: then it was taken for Redis. */
	readonly product?: Product;
	readonly appendOnly: boolean;
	readonly appendName: string;
	/** Since version 7 the append-only file is a folder. */
	readonly appendFolder: string;
	readonly folder: FileOwner;
}

/** What ends a transfer that is not of a length known before; `--rdb -` passes it on (redis-cli.c, "getRDB"). */
const MARK_BYTES = 40;
/** A server answers at once; one that a service has stopped never does. */
const ANSWER_SECONDS = 40;
/** The last byte before the checksum of eight (RDB_OPCODE_EOF). */
const END = 0xff;

export function redis(
	{ redis: live, port, socket, passwordFile }: RedisDump,
	signal?: AbortSignal,
): FileDatabase {
	// A machine that has only Valkey's has no redis-cli, unless its compatibility package is there as well.
	const name = !programPath("redis-cli") && programPath("valkey-cli") ? "valkey" : "redis";
	async function client(): Promise<Client> {
		const password = await readSecret({ passphraseFile: passwordFile });
		return {
			server: name === "valkey" ? "Valkey" : "Redis",
			programs: `${name}-tools`,
			look: `is the server up? See: systemctl status ${name}-server`,
			...{ user: undefined, signal },
			...(password === undefined ? {} : { env: { REDISCLI_AUTH: password } }),
		};
	}
	const cli = [
		`${name}-cli`,
		"--no-auth-warning",
		...(socket === undefined ? [] : ["-s", socket]),
		...(port === undefined ? [] : ["-p", String(port)]),
	];
	async function ask(words: readonly string[], doing: string): Promise<string[]> {
		const who = await client();
		// Without -e an error of the server's is an answer like any other.
		const result = await execText([...cli, "-e", ...words], await questionOptions(who, ANSWER_SECONDS));
		if (result.code !== 0) {
			const told = {
				...result,
				stderr: [...result.stderr, result.text.trim()].filter((line) => line !== ""),
			};
			throw isRefused(told.stderr) ? refusal(who, doing, told.stderr) : fault(who, doing, told);
		}
		return result.text.split(/\r?\n/);
	}
	/** Undefined where the server tells nobody, or not us: a hosting provider may have renamed the command. */
	const setting = async (name: string): Promise<string | undefined> => {
		try {
			return (await ask(["CONFIG", "GET", name], "ask the server for its settings"))[1];
		} catch (error) {
			if (error instanceof Refused) return undefined;
			throw error;
		}
	};
	const persistence = async () => {
		const info = await ask(["INFO", "persistence"], "ask the server how it saves");
		return (field: string) =>
			info
				.find((one) => one.startsWith(`${field}:`))
				?.split(":")[1]
				?.trim();
	};
	const isAppendOnly = async () => {
		const said = await setting("appendonly");
		return said === undefined ? (await persistence())("aof_enabled") === "1" : said === "yes";
	};
	/** Have the server save to its own file, for those that refuse to send the dataset to a replica. */
	async function saved(work: Work): Promise<DumpStream> {
		const began = Date.now();
		try {
			await ask(["BGSAVE"], "have the server save");
		} catch (error) {
			// One that is under way may have begun before what was written last.
			if (!/in progress/.test(reportOf(error).details?.join("\n") ?? "")) throw error;
			await untilSaved(work);
			await ask(["BGSAVE"], "have the server save");
		}
		if ((await untilSaved(work)) !== "ok")
			throw new HoldfastError(
				"database-failed",
				`could not dump the dataset ${live}: the server failed to save it`,
				{
					hint: "its own log says why; is its disk full?",
				},
			);
		const [above, name] = split(resolvePath(live).path);
		using folder = openFolder(above);
		const fd = openFileBelow(folder, name);
		if (fstatSync(fd).mtimeMs < began - CLOCK_MS) {
			closeSync(fd);
			throw new HoldfastError("database-failed", `the server has saved its dataset, and not to ${live}`, {
				hint: "its settings dir and dbfilename say where; name that file",
			});
		}
		const held = holdBack(() => false);
		const output = createReadStream("", { fd, start: 0 });
		output.on("error", (error) => held.stream.destroy(error));
		return {
			output: output.pipe(held.stream),
			whole: held.whole.then((good) => {
				if (!good)
					throw new HoldfastError(
						"database-failed",
						`could not dump the dataset ${live}: ${live} is cut short`,
					);
			}),
			warnings: [
				`the server refuses SYNC: the dataset ${live} was saved by the server itself (BGSAVE), and that file was copied`,
			],
		};
	}
	async function untilSaved({ signal }: Work): Promise<string | undefined> {
		for (;;) {
			const said = await persistence();
			if (said("rdb_bgsave_in_progress") !== "1") return said("rdb_last_bgsave_status");
			await pause(SAVE_POLL_MS, undefined, { signal });
		}
	}
	const server = async (): Promise<{ readonly product: Product; readonly version: number }> => {
		const info = await ask(["INFO", "server"], "ask the server for its version");
		const said = (field: string) => info.find((one) => one.startsWith(`${field}:`))?.split(":")[1];
		// Valkey says both: the other is the Redis that it is compatible with.
		const own = said("valkey_version");
		return {
			product: own === undefined ? "Redis" : "Valkey",
			version: Number.parseInt(own ?? said("redis_version") ?? "0", 10),
		};
	};

	return {
		kind: "file",
		async facts() {
			const known = await server();
			const { owner, folder } = await ownersOf(live);
			return {
				...known,
				...owner,
				folder,
				appendOnly: await isAppendOnly(),
				appendName: (await setting("appendfilename")) || "appendonly.aof",
				appendFolder: (await setting("appenddirname")) || "appendonlydir",
			} satisfies Facts;
		},
		async dump(_scratch, work) {
			let marked = false;
			const doing = `dump the dataset ${live}`;
			const { output, whole } = await dumpBy(await client(), doing, [...cli, "--rdb", "-"], {
				signal: work.signal,
				log: (line) => {
					if (line.includes("until EOF marker")) marked = true;
					work.log(line);
				},
			});
			const held = holdBack(() => marked);
			held.stream.on("close", () => output.destroy());
			// It is readable as well at an end without a byte.
			const begun = once(output, "readable").then(() => (output.readableLength > 0 ? undefined : whole));
			const refused = await Promise.race([begun, whole]).then(
				() => undefined,
				(error: unknown) => reportOf(error).details ?? [],
			);
			if (refused !== undefined && isRefused(refused)) {
				output.destroy();
				return saved(work);
			}
			return {
				output: output.on("error", (error) => held.stream.destroy(error)).pipe(held.stream),
				whole: whole
					.then(() => held.whole)
					.then((good) => {
						if (!good) throw new HoldfastError("database-failed", `could not ${doing}: it was cut short`);
					}),
			};
		},
		async obstacles(facts) {
			const { product: theirs = "Redis", version: wanted } = facts as Facts;
			// One that is down is taken to be as it was.
			const own = await server().catch(() => ({ product: theirs, version: wanted }));
			// Since they have parted, in 2024, each has formats of its own.
			const reads = own.product === theirs ? own.version >= wanted : wanted <= 7 && theirs === "Redis";
			return reads
				? []
				: [
						`it was dumped by ${theirs} ${wanted}, and the server here is ${own.product} ${own.version} (to have it as a file: --into FOLDER)`,
					];
		},
		async put(file, facts, home, base) {
			const { appendOnly, appendName, appendFolder, folder, version: made, ...owner } = facts as Facts;
			const [name, within] = [basename(appendName), basename(appendFolder)];
			for (const one of [base, within, name]) await removeIn(home, one);
			const give = async (fd: number, whose: FileOwner) => {
				await giveTo(fd, whose);
				fsyncSync(fd);
				closeSync(fd);
			};
			const copy = async (into: Folder, at: string) => {
				copyFileSync(file, into.at(at), constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
				await give(openFileBelow(into, at), owner);
			};
			await copy(home, base);
			// The server as it is set now decides what it will read; one that is down is taken to be as it was.
			const on = await isAppendOnly().catch(() => appendOnly);
			if (on && made < 7) await copy(home, name);
			if (on && made >= 7) {
				mkdirSync(home.at(within), { mode: 0o750 });
				using inside = enter(home, within);
				await copy(inside, `${name}.1.base.rdb`);
				const manifest = `${name}.manifest`;
				writeFileSync(inside.at(manifest), `file ${name}.1.base.rdb seq 1 type b\n`, { flag: "wx" });
				await give(openFileBelow(inside, manifest), owner);
				await give(openSync(inside.self, constants.O_RDONLY), { ...folder, mode: 0o750 });
			}
			syncFolder(home);
		},
		async rows() {
			const info = await ask(["INFO", "keyspace"], "ask the server for its keys");
			return keys(info.reduce((sum, line) => sum + Number(/^db\d+:keys=(\d+)/.exec(line)?.[1] ?? 0), 0));
		},
		async rowsOf(file) {
			// It reads what whoever wrote the archive put there.
			const who = { ...(await client()), env: {}, user: await stranger() };
			const options = await questionOptions(who, LONG_QUESTION_SECONDS);
			const dump = await openForAnyone(file);
			const words = [`${name}-check-rdb`, "/dev/fd/4"];
			const result = await execText(words, { ...options, files: [dump.fd] }).finally(() => dump.close());
			if (result.code !== 0) throw fault(who, `read the dump ${file}`, result);
			return keys(Number(/(\d+) keys read/.exec(result.text)?.[1] ?? 0));
		},
	};
}

/** An answer of the server's: this user may not, or there is no such command (rename-command). */
const isRefused = (lines: readonly string[]) =>
	lines.some((line) => /-?(NOPERM|ERR unknown command)\b/.test(line));

class Refused extends HoldfastError {}

function refusal({ server }: Client, doing: string, details: readonly string[]): Refused {
	return new Refused("database-failed", `could not ${doing}: the server refuses it`, {
		details,
		hint: `${server} needs for a backup, in its ACL: +ping +info +config|get, and +sync +psync +replconf or else +bgsave. Let the user have these (ACL SETUSER), or take back their rename-command`,
	});
}

/** Clocks of file systems are a little behind. */
const CLOCK_MS = 2_000;
const SAVE_POLL_MS = 200;

/** Of the file, or where it is not there yet as the server would make it; and of its folder. */
async function ownersOf(live: string): Promise<{ owner: FileOwner; folder: FileOwner }> {
	const { path, found } = resolvePath(live);
	const [above, name] = split(path);
	using home = openFolder(above);
	const here = openSync(home.self, constants.O_RDONLY);
	const file = found === undefined ? undefined : openFileBelow(home, name);
	try {
		const folder = await ownerOf(here);
		return { folder, owner: file === undefined ? { ...folder, mode: 0o640 } : await ownerOf(file) };
	} finally {
		closeSync(here);
		if (file !== undefined) closeSync(file);
	}
}

const keys = (count: number) => new Map([["keys", count]]);

/** Passes a dump on without the transfer's mark, and tells whether it began and ended as one does. */
function holdBack(marked: () => boolean) {
	let held = Buffer.alloc(0);
	let begin = Buffer.alloc(0);
	let tell = (_: boolean) => {};
	const whole = new Promise<boolean>((resolve) => {
		tell = resolve;
	});
	const keep = MARK_BYTES + 9;
	const stream = new Transform({
		transform(chunk: Buffer, _encoding, done) {
			if (begin.length < 5) begin = Buffer.concat([begin, chunk]).subarray(0, 5);
			held = Buffer.concat([held, chunk]);
			const ready = held.length > keep ? held.subarray(0, held.length - keep) : Buffer.alloc(0);
			held = held.subarray(ready.length);
			done(null, ready);
		},
		flush(done) {
			const rest = marked() ? held.subarray(0, Math.max(0, held.length - MARK_BYTES)) : held;
			tell(/^(REDIS|VALKE)$/.test(begin.toString("latin1")) && rest[rest.length - 9] === END);
			done(null, rest);
		},
	});
	stream.on("close", () => tell(false));
	return { stream, whole };
}
