// The facts needed to restore a database, and the reasons why it cannot be restored.
import * as v from "valibot";
import { HoldfastError } from "../../values/error.ts";
import type { DumpFacts } from "../database.ts";
import type { Ask } from "./ask.ts";
import { majorVersion } from "./catalog.ts";
import { MOST_COMMENTS } from "./dump-file.ts";
import { PROPERTIES, propertiesSchema } from "./properties.ts";

export async function factsOf(sql: Ask, live: string): Promise<DumpFacts> {
	const [row] = await sql([PROPERTIES(live)], `look at the database ${live}`);
	if (!row)
		throw new HoldfastError("database-not-found", `there is no PostgreSQL database ${live}`, {
			subject: live,
			hint: "see those there are: psql -l",
		});
	const [[comments = "0"] = []] = await sql(
		["SELECT COALESCE(sum(octet_length(description)), 0) FROM pg_description"],
		`look at the comments in ${live}`,
		live,
	);
	if (Number(comments) > MOST_COMMENTS)
		throw new HoldfastError(
			"database-failed",
			`the comments in the PostgreSQL database ${live} are longer than a restore would read: ${comments} bytes`,
			{ hint: `see which: SELECT * FROM pg_description ORDER BY length(description) DESC LIMIT 5` },
		);
	const extensions = await sql(
		["SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'"],
		`look at the database ${live}`,
		live,
	);
	return {
		...v.parse(propertiesSchema, JSON.parse(row[0] ?? "")),
		version: await majorVersion(sql),
		extensions: extensions.flat(),
	} satisfies DumpFacts;
}

export async function obstaclesTo(sql: Ask, facts: DumpFacts): Promise<string[]> {
	const own = await majorVersion(sql);
	const wanted = v.parse(v.optional(v.array(v.string()), []), facts.extensions);
	const rows = await sql(
		["SELECT name FROM pg_available_extensions"],
		"ask PostgreSQL which extensions it has",
	);
	const available = new Set(rows.flat());
	return [
		...(own < facts.version
			? [`it was dumped by version ${facts.version}, and the server here is ${own}`]
			: []),
		...wanted
			.filter((name) => !available.has(name))
			.map((name) => `it needs the extension ${name}, which the server here does not have: install it`),
	];
}
