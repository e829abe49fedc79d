// Redis and Valkey: `redis-cli --rdb -` streams the dataset as the server has it at that moment. At its next start a server
// reads that file, unless its append-only file is on: then it reads only that (redis.io, "Redis persistence"), so that is
// made of the same dump.
import { execText } from "../../host/exec.ts";
import { openForAnyone } from "../../host/handed-file.ts";
import { stranger } from "../../host/users.ts";
import { fault, LONG_QUESTION_SECONDS, questionOptions } from "../client.ts";
import type { FileDatabase, RowCounts } from "../database.ts";
import { dumpDataset } from "./dump.ts";
import { type Facts, ownersOf, putFiles } from "./files.ts";
import type { RedisDump } from "./schema.ts";
import { type Server, serverOf } from "./server.ts";

export function redis(dump: RedisDump, signal?: AbortSignal): FileDatabase {
	const { redis: live } = dump;
	const server = serverOf(dump, signal);
	return {
		kind: "file",
		async facts() {
			const known = await server.product();
			const { owner, folder } = await ownersOf(live);
			return {
				...known,
				...owner,
				folder,
				appendOnly: await server.isAppendOnly(),
				appendName: (await server.setting("appendfilename")) || "appendonly.aof",
				appendFolder: (await server.setting("appenddirname")) || "appendonlydir",
			} satisfies Facts;
		},
		dump: (_scratch, work) => dumpDataset(server, live, work),
		async obstacles(facts) {
			const { product: theirs = "Redis", version: wanted } = facts as Facts;
			// One that is down is taken to be as it was.
			const own = await server.product().catch(() => ({ product: theirs, version: wanted }));
			// Since they have parted, in 2024, each has formats of its own.
			const reads = own.product === theirs ? own.version >= wanted : wanted <= 7 && theirs === "Redis";
			return reads
				? []
				: [
						`it was dumped by ${theirs} ${wanted}, and the server here is ${own.product} ${own.version} (to have it as a file: --into FOLDER)`,
					];
		},
		put: (file, facts, home, base) => putFiles(file, facts as Facts, home, base, server.isAppendOnly),
		async rows() {
			const info = await server.ask(["INFO", "keyspace"], "ask the server for its keys");
			return keys(info.reduce((sum, line) => sum + Number(/^db\d+:keys=(\d+)/.exec(line)?.[1] ?? 0), 0));
		},
		rowsOf: (file) => keysOf(server, file),
	};
}

async function keysOf({ client, checker }: Server, file: string): Promise<RowCounts> {
	// It reads what whoever wrote the archive put there.
	const who = { ...(await client()), env: {}, user: await stranger() };
	const options = await questionOptions(who, LONG_QUESTION_SECONDS);
	const dump = await openForAnyone(file);
	const words = [checker, "/dev/fd/4"];
	const result = await execText(words, { ...options, files: [dump.fd] }).finally(() => dump.close());
	if (result.code !== 0) throw fault(who, `read the dump ${file}`, result);
	return keys(Number(/(\d+) keys read/.exec(result.text)?.[1] ?? 0));
}

function keys(count: number): RowCounts {
	return new Map([["keys", count]]);
}
