// Turn the settings of a database or a role, stored by the server as `name=value`, into statements that set them again.
import { HoldfastError } from "../../values/error.ts";
import { identifier, literal } from "./names.ts";

/** Settings whose stored value is a list of quoted names (PostgreSQL, src/bin/pg_dump/dumputils.c). */
const LISTS = new Set([
	"local_preload_libraries",
	"search_path",
	"session_preload_libraries",
	"shared_preload_libraries",
	"temp_tablespaces",
	"unix_socket_directories",
]);

export function settingName(setting: string): string {
	return setting.slice(0, setting.indexOf("="));
}

/** The clause after ALTER DATABASE … or ALTER ROLE …. */
export function settingClause(setting: string): string {
	const name = settingName(setting);
	const value = setting.slice(name.length + 1);
	if (!/^[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)*$/.test(name))
		throw new HoldfastError(
			"archive-damaged",
			`${JSON.stringify(name)} is not a valid name of a PostgreSQL setting`,
		);
	const values = (LISTS.has(name.toLowerCase()) ? listOf(value) : undefined) ?? [value];
	return `SET ${name.split(".").map(identifier).join(".")} TO ${values.map(literal).join(", ")}`;
}

/**
 * Parses names separated by commas, in double quotes or bare (the same file, "SplitGUCList"); undefined if it is not a
 * list.
 */
export function listOf(value: string): string[] | undefined {
	const all: string[] = [];
	const next = /\s*(?:"((?:[^"]|"")*)"|([^\s,"][^\s,]*))\s*(,|$)/y;
	for (;;) {
		const found = next.exec(value);
		if (!found) return undefined;
		all.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? "");
		if (found[3] === "") return all;
	}
}
