// The definition of PostgreSQL. It loads none of the code that talks to the server.
import { defineDatabase } from "../database.ts";
import { connection, schema } from "./schema.ts";

export const postgresql = defineDatabase({
	key: "postgresql",
	label: "PostgreSQL",
	kind: "server",
	schema,
	connection,
	client: { names: ["pg_dump"], debianPackage: "postgresql-client" },
	units: { names: ["postgresql.service"], pattern: /^postgresql(@.*)?(\.service)?$/ },
	data: ["excludeTableData", "host", "pgService", "postgresql"],
	speaksSql: true,
	named: (database) => ({ postgresql: database }),
	where: ({ pgService, host, port }) => [pgService, host, port],
	open: async (dump, signal) => (await import("./postgresql.ts")).postgresql(dump, signal),
});
