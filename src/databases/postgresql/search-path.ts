// Functions that find their tables only by the search path, in an index or a check constraint: pg_restore loads with an empty
// one (CVE-2018-1058), and they fail. For the time of the load they get the path that the service's sessions have.
import { HoldfastError } from "../../values/error.ts";
import type { Loading } from "./loading.ts";
import { literal } from "./names.ts";
import { listOf, settingName } from "./settings.ts";
import { type Entry, isKind } from "./toc.ts";

/** Whether a load may have failed for want of a search path. */
export function isForWantOfPath(error: unknown): boolean {
	return (
		error instanceof HoldfastError &&
		error.details.some((line) => /ERROR: +.* does not exist/.test(line)) &&
		error.details.some((line) => /^\s*(CONTEXT|QUERY): /.test(line))
	);
}

/** The first entry for which functions may run: before it there are only definitions. */
export function isAfterDefinitions(entry: Entry): boolean {
	return AFTER.some((kind) => isKind(entry, kind));
}

const AFTER = [
	...["TABLE DATA", "SEQUENCE SET", "BLOBS", "MATERIALIZED VIEW DATA", "STATISTICS", "INDEX"],
	...["CONSTRAINT", "CHECK CONSTRAINT", "FK CONSTRAINT"],
];

/** Returns how to take the path away again. Functions that run with their owner's rights get none. */
export async function lendPath({ ask, fresh, facts }: Loading): Promise<() => Promise<void>> {
	const doing = `lend the functions of ${fresh} a search path`;
	const [[usual = ""] = []] = await ask(
		["SELECT boot_val FROM pg_settings WHERE name = 'search_path'"],
		doing,
		fresh,
	);
	const said = (facts.settings ?? [])
		.filter(
			({ role, setting }) => settingName(setting) === "search_path" && (role ?? facts.owner) === facts.owner,
		)
		.map(({ setting }) => setting.slice("search_path=".length));
	const path = new Set(
		[...said, usual].flatMap((one) => listOf(one) ?? []).map((one) => (one === "$user" ? facts.owner : one)),
	);
	const rows = await ask(
		[
			`SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_language l ON l.oid = prolang
			WHERE p.oid >= 16384 AND lanname NOT IN ('c', 'internal') AND prokind <> 'a' AND NOT prosecdef
			AND NOT EXISTS (SELECT FROM unnest(proconfig) AS c WHERE c LIKE 'search\\_path=%')
			AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')`,
		],
		doing,
		fresh,
	);
	const alter = (what: string) =>
		ask(
			rows.map(([name]) => `ALTER ROUTINE ${name} ${what}`),
			doing,
			fresh,
		);
	await alter(`SET search_path TO ${[...path].map(literal).join(", ")}`);
	return async () => void (await alter("RESET search_path"));
}
