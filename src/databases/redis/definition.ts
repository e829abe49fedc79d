// The definition of Redis and Valkey. It loads none of the code that talks to the server.
import { dirname } from "node:path/posix";
import { defineDatabase } from "../database.ts";
import { schema } from "./schema.ts";

export const redis = defineDatabase({
	key: "redis",
	label: "Redis",
	kind: "file",
	schema,
	client: { names: ["redis-cli", "valkey-cli"], debianPackage: "redis-tools" },
	units: {
		names: ["redis-server.service", "redis.service", "valkey-server.service"],
		pattern: /^(redis|valkey)(-.*)?(@.*)?(\.service)?$/,
	},
	data: ["passwordFile", "redis", "socket"],
	speaksSql: false,
	named: (file) => ({ redis: file }),
	files: (file) => [file, `${dirname(file)}/appendonlydir`, `${dirname(file)}/appendonly.aof`],
	open: async (dump, signal) => (await import("./redis.ts")).redis(dump, signal),
});
