// The facts needed to restore a database, and the reasons why it cannot be restored.
import * as v from "valibot";
import { HoldfastError } from "../../values/error.ts";
import type { DumpFacts } from "../database.ts";
import type { Ask } from "./ask.ts";
import { majorVersion } from "./catalog.ts";
import { MAX_COMMENTS } from "./dump-file.ts";
import { PROPERTIES, propertiesSchema } from "./properties.ts";

export async function factsOf(sql: Ask, live: string): Promise<DumpFacts> {
	const [row] = await sql([PROPERTIES(live)], `read the properties of the database ${live}`);
	if (!row)
		throw new HoldfastError("database-not-found", `the PostgreSQL database ${live} does not exist`, {
			subject: live,
			hint: "list the existing databases with: psql -l",
		});
	const [[comments = "0"] = []] = await sql(
		["SELECT COALESCE(sum(octet_length(description)), 0) FROM pg_description"],
		`read the comments in ${live}`,
		live,
	);
	if (Number(comments) > MAX_COMMENTS)
		throw new HoldfastError(
			"database-failed",
			`the comments in the PostgreSQL database ${live} are too large to be restored: ${comments} bytes`,
			{
				hint: `find the largest with: SELECT * FROM pg_description ORDER BY length(description) DESC LIMIT 5`,
			},
		);
	const extensions = await sql(
		["SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'"],
		`read the properties of the database ${live}`,
		live,
	);
	const tablespaces = await sql(
		[
			"SELECT DISTINCT spcname FROM pg_class JOIN pg_tablespace t ON t.oid = reltablespace WHERE spcname !~ '^pg_'",
		],
		`read the properties of the database ${live}`,
		live,
	);
	return {
		...v.parse(propertiesSchema, JSON.parse(row[0] ?? "")),
		...(tablespaces.length === 0 ? {} : { tablespaces: tablespaces.flat() }),
		version: await majorVersion(sql),
		extensions: extensions.flat(),
	} satisfies DumpFacts;
}

export async function obstaclesTo(sql: Ask, facts: DumpFacts): Promise<string[]> {
	const own = await majorVersion(sql);
	const wanted = v.parse(v.optional(v.array(v.string()), []), facts.extensions);
	const rows = await sql(
		["SELECT name FROM pg_available_extensions"],
		"list the extensions that PostgreSQL provides",
	);
	const available = new Set(rows.flat());
	return [
		...(own < facts.version
			? [`it was dumped by version ${facts.version}, but this server is version ${own}, which is older`]
			: []),
		...wanted
			.filter((name) => !available.has(name))
			.map((name) => `it needs the extension ${name}, which this server does not have: install it`),
	];
}
