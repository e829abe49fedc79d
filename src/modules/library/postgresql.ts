// PostgreSQL.
import { connection, excludeTableData } from "../../databases/postgresql/schema.ts";
import { defineModule } from "../module.ts";
import { serverOptions, serverStates } from "../servers.ts";

export const postgresql = defineModule({
	name: "postgresql",
	about:
		"PostgreSQL: every database with its roles and settings, loaded next to the live one and swapped by rename",
	sources: [
		"https://www.postgresql.org/docs/current/backup-dump.html",
		"https://www.postgresql.org/docs/current/sql-alterdatabase.html",
	],
	options: serverOptions("postgresql", "/etc/postgresql", connection, { excludeTableData }),
	yields: (options, { declared }) => serverStates("postgresql", options, declared),
	signs: { units: ["postgresql.service"] },
	proven: "application",
});
