// Redis and Valkey. `redis-cli --rdb -` streams the dataset as it is at that moment. A server loads that file when it
// starts, unless its append-only file is on: then it loads only that (redis.io, "Redis persistence"), so a restore
// creates it from the same dump.
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
			// If the server is down, assume that it is as it was.
			const own = await server.product().catch(() => ({ product: theirs, version: wanted }));
			// Redis and Valkey diverged in 2024; each has formats of its own since then.
			const reads = own.product === theirs ? own.version >= wanted : wanted <= 7 && theirs === "Redis";
			return reads
				? []
				: [
						`it was dumped by ${theirs} ${wanted}, which this server (${own.product} ${own.version}) cannot read (to get it as a file: --into FOLDER)`,
					];
		},
		put: (file, facts, home, base) => putFiles(file, facts as Facts, home, base, server.isAppendOnly),
		async rows() {
			const info = await server.ask(["INFO", "keyspace"], "ask the server for the number of its keys");
			return keys(info.reduce((sum, line) => sum + Number(/^db\d+:keys=(\d+)/.exec(line)?.[1] ?? 0), 0));
		},
		rowsOf: (file) => keysOf(server, file),
	};
}

async function keysOf({ client, checker }: Server, file: string): Promise<RowCounts> {
	// Run unprivileged: the program parses a file from the archive, which is untrusted.
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
