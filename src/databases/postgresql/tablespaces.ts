// Tablespaces belong to the entire server and are folders of it: a restore uses those that exist, and creates none.
import type { Ask } from "./ask.ts";
import { identifier, literal } from "./names.ts";
import type { Properties } from "./properties.ts";

export interface Placement {
	/** The clause after CREATE DATABASE …. */
	readonly clause: string;
	/** For pg_restore. */
	readonly options: readonly string[];
	readonly warnings: readonly string[];
}

export async function placementOf(
	ask: Ask,
	live: string,
	{ tablespace, tablespaces = [] }: Properties,
): Promise<Placement> {
	const own = tablespace ?? undefined;
	const wanted = [...new Set([...tablespaces, ...(own === undefined ? [] : [own])])];
	if (wanted.length === 0) return { clause: "", options: [], warnings: [] };
	const rows = await ask(
		[`SELECT spcname FROM pg_tablespace WHERE spcname IN (${wanted.map(literal).join(", ")})`],
		"list the tablespaces",
	);
	const there = new Set(rows.flat());
	const missing = wanted.filter((one) => !there.has(one));
	return {
		clause: own !== undefined && there.has(own) ? ` TABLESPACE ${identifier(own)}` : "",
		options: tablespaces.every((one) => there.has(one)) ? [] : ["--no-tablespaces"],
		warnings:
			missing.length === 0
				? []
				: [
						`the tables of ${live} are in the default tablespace, because this server does not have: ${missing.join(", ")}`,
					],
	};
}
