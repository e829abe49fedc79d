// The client that a dump is made with: a person installs it, mostly with the server. A new kind is one line here.
import type { Program } from "../host/programs.ts";
import type { Dump } from "../manifest/dumps.ts";

export function clientOf(dump: Dump): Program {
	if ("postgresql" in dump) return { names: ["pg_dump"], debianPackage: "postgresql-client" };
	if ("mariadb" in dump) return { names: ["mariadb-dump", "mysqldump"], debianPackage: "mariadb-client" };
	if ("sqlite" in dump) return { names: ["sqlite3"], debianPackage: "sqlite3" };
	return { names: ["redis-cli", "valkey-cli"], debianPackage: "redis-tools" };
}
