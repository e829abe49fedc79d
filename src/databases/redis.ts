// Redis and Valkey, by the programs of either: `redis-cli --rdb -` streams the dataset as the server has it at that moment. At its next start a
// server reads that file, unless its append-only file is on: then it reads only that (redis.io, "Redis persistence"),
// so that is made of the same dump.
import { closeSync, constants, copyFileSync, fsyncSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { Transform } from "node:stream";
import { execText } from "../host/exec.ts";
import { removeIn } from "../host/files.ts";
import { enter, type Folder, openFileBelow, openFolder, split, syncFolder } from "../host/folder.ts";
import { type FileOwner, giveTo, ownerOf } from "../host/owner.ts";
import { programPath } from "../host/programs.ts";
import { readSecret } from "../host/secret.ts";
import { resolvePath } from "../host/trust.ts";
import type { RedisDump } from "../manifest/dumps.ts";
import { HoldfastError } from "../manifest/error.ts";
import { type Client, dumpBy, fault, LONG_QUESTION_SECONDS, questionOptions } from "./client.ts";
import type { DumpFacts, FileDatabase } from "./database.ts";

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
		if (result.code !== 0)
			throw fault(who, doing, { ...result, stderr: [...result.stderr, result.text.trim()] });
		return result.text.split(/\r?\n/);
	}
	const setting = async (name: string) =>
		(await ask(["CONFIG", "GET", name], "ask the server for its settings"))[1];
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
				appendOnly: (await setting("appendonly")) === "yes",
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
			return {
				output: output.on("error", (error) => held.stream.destroy(error)).pipe(held.stream),
				whole: whole
					.then(() => held.whole)
					.then((good) => {
						if (!good) throw new HoldfastError("failed", `could not ${doing}: it was cut short`);
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
			const on = await setting("appendonly").then(
				(value) => value === "yes",
				() => appendOnly,
			);
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
			const who = { ...(await client()), env: {} };
			const result = await execText(
				[`${name}-check-rdb`, file],
				await questionOptions(who, LONG_QUESTION_SECONDS),
			);
			if (result.code !== 0) throw fault(await client(), `read the dump ${file}`, result);
			return keys(Number(/(\d+) keys read/.exec(result.text)?.[1] ?? 0));
		},
	};
}

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
