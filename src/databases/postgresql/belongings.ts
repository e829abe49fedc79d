// What must be stored with a dump so that it can be loaded without superuser rights: who owns each object, and which
// objects only a superuser can create. It is read from the catalogs at backup time, as names and numbers, never as SQL
// text.
import * as v from "valibot";
import { HoldfastError } from "../../values/error.ts";
import { record } from "../../values/record.ts";
import type { Ask } from "./ask.ts";
import { identifier, literal } from "./names.ts";

const addressSchema = v.object({
	/** Catalog and number, as in a dump's table of contents. */
	origin: v.string(),
	/** The type as pg_identify_object_as_address() returns it. */
	type: v.string(),
	names: v.array(v.string()),
	args: v.array(v.string()),
});

export const belongingsSchema = v.object({
	/** The role that owns most objects. */
	owner: v.nullable(v.string()),
	/** The owner of the schema public, if that exists. */
	publicOwner: v.nullable(v.string()),
	/** The objects that other roles own, by owner. */
	others: record(v.string(), v.array(addressSchema)),
	/** The objects that only a superuser can create: catalog and number, as in a dump's table of contents. */
	privileged: v.array(v.string()),
});
export type Belongings = v.InferOutput<typeof belongingsSchema>;

/**
 * The catalogs and their owner columns. Event triggers are missing: they are restored last, together with their owners.
 */
const OWNED = {
	pg_namespace: "nspowner",
	pg_class: "relowner",
	pg_type: "typowner",
	pg_proc: "proowner",
	pg_operator: "oprowner",
	pg_opclass: "opcowner",
	pg_opfamily: "opfowner",
	pg_collation: "collowner",
	pg_conversion: "conowner",
	pg_ts_dict: "dictowner",
	pg_ts_config: "cfgowner",
	pg_statistic_ext: "stxowner",
	pg_foreign_data_wrapper: "fdwowner",
	pg_foreign_server: "srvowner",
	pg_language: "lanowner",
	pg_publication: "pubowner",
	pg_largeobject_metadata: "lomowner",
};
/** Lower numbers belong to the server itself, except for large objects, which may have any number. */
const FIRST_OID = 16_384;

/** Selects objects that do not belong to an extension and are not part of another object that has an owner. */
const BY_ITSELF = (classid: string, oid: string) => `NOT EXISTS (
  SELECT FROM pg_depend d WHERE d.classid = ${classid} AND d.objid = ${oid} AND d.objsubid = 0 AND (d.deptype IN ('e', 'i')
    OR d.deptype = 'a' AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
      AND (SELECT relkind = 'S' FROM pg_class c WHERE c.oid = d.objid)))`;

const BELONGINGS = `
WITH owned AS (
  ${Object.entries(OWNED)
		.map(
			([catalog, owner]) =>
				`SELECT '${catalog.replace("_metadata", "")}'::regclass::oid AS classid, oid AS objid, ${owner} AS owner FROM ${catalog} t WHERE oid >= ${catalog === "pg_largeobject_metadata" ? 0 : FIRST_OID}${
					catalog === "pg_class"
						? " AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND relpersistence <> 't'"
						: catalog === "pg_type"
							? " AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid) AND (typrelid = 0 OR (SELECT relkind = 'c' FROM pg_class c WHERE c.oid = typrelid))"
							: catalog === "pg_namespace"
								? " AND nspname !~ '^pg_(temp|toast)'"
								: ""
				}`,
		)
		.join("\n  UNION ALL ")}
), kept AS (
  SELECT classid, objid, pg_get_userbyid(owner) AS owner FROM owned o WHERE ${BY_ITSELF("o.classid", "o.objid")}
), most AS (
  SELECT owner FROM kept GROUP BY owner ORDER BY count(*) DESC, owner LIMIT 1
), settings AS (
  SELECT lower(name) AS name FROM pg_settings WHERE context = 'user'
), privileged AS (
  SELECT 'pg_proc'::regclass::oid AS classid, p.oid FROM pg_proc p JOIN pg_language l ON l.oid = prolang
    LEFT JOIN pg_aggregate a ON a.aggfnoid = p.oid
    WHERE CASE WHEN a.aggfnoid IS NULL THEN NOT lanpltrusted ELSE aggtranstype = 'internal'::regtype END
      OR proleakproof OR prosupport <> 0
      OR EXISTS (SELECT FROM unnest(proconfig) AS c WHERE lower(split_part(c, '=', 1)) NOT IN (SELECT name FROM settings))
  UNION ALL SELECT 'pg_type'::regclass, oid FROM pg_type WHERE typtype IN ('b', 'p') AND typarray <> 0 OR typtype = 'p'
  UNION ALL SELECT 'pg_publication'::regclass, oid FROM pg_publication WHERE puballtables
  ${[
		...["pg_opclass", "pg_opfamily", "pg_cast", "pg_transform", "pg_language", "pg_am", "pg_event_trigger"],
		...["pg_foreign_data_wrapper", "pg_ts_parser", "pg_ts_template"],
	]
		.map((catalog) => `UNION ALL SELECT '${catalog}'::regclass, oid FROM ${catalog}`)
		.join("\n  ")}
)
SELECT json_build_object(
  'owner', (SELECT owner FROM most),
  'publicOwner', (SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'public'),
  'others', coalesce((SELECT json_object_agg(owner, objects) FROM (
    SELECT owner, json_agg(json_build_object('origin', classid || ' ' || objid, 'type', i.type, 'names', i.object_names, 'args', i.object_args)) AS objects
    FROM kept, pg_identify_object_as_address(classid, objid, 0) AS i
    WHERE owner <> (SELECT owner FROM most) OR (classid, objid) IN (SELECT classid, oid FROM privileged)
    GROUP BY owner) AS grouped), '{}'::json),
  'privileged', coalesce((SELECT json_agg(classid || ' ' || oid) FROM privileged p
    WHERE oid >= ${FIRST_OID} AND ${BY_ITSELF("p.classid", "p.oid")}), '[]'::json))`;

export async function belongingsOf(ask: Ask, database: string): Promise<Belongings> {
	const [row] = await ask([BELONGINGS], `list the owners of the objects in ${database}`, database);
	return v.parse(belongingsSchema, JSON.parse(row?.[0] ?? ""));
}

/**
 * The statements that give these objects, which have been loaded, to their owners. Objects are matched with the dump by
 * number, so an object that was replaced between reading the catalogs and dumping is not mistaken for the old one.
 */
export async function ownerStatements(
	ask: Ask,
	database: string,
	{ others }: Belongings,
	dumped: ReadonlySet<string>,
): Promise<string[]> {
	const list = (texts: readonly string[]) => `ARRAY[${texts.map(literal).join(", ")}]::text[]`;
	const rows = Object.entries(others).flatMap(([owner, objects]) =>
		objects
			.filter(({ origin, type }) => dumped.has(origin) || type === "large object")
			.map(({ type, names, args }) => `(${literal(type)}, ${list(names)}, ${list(args)}, ${literal(owner)})`),
	);
	const statements: string[] = [];
	for (let from = 0; from < rows.length; from += BATCH) {
		const named = rows.slice(from, from + BATCH).join(", ");
		// The server itself prints each object's name as it is now.
		const found = await ask(
			[
				`SELECT i.type, i.identity, t.owner FROM (VALUES ${named}) AS t (type, names, args, owner), pg_get_object_address(t.type, t.names, t.args) AS a, pg_identify_object(a.classid, a.objid, a.objsubid) AS i WHERE ${OF_THE_DATABASE}`,
			],
			`list the owners of the objects in ${database}`,
			database,
		);
		for (const [type = "", what = "", owner = ""] of found) {
			const kind = KINDS[type] ?? type.toUpperCase();
			if (!/^[A-Z ]+$/.test(kind)) throw new HoldfastError("archive-damaged", `a ${type} has no owner`);
			statements.push(`ALTER ${kind} ${what} OWNER TO ${identifier(owner)}`);
		}
	}
	return statements;
}

const BATCH = 2_000;

/** Selects objects that belong neither to the server nor to an extension, and are not shared by all databases. */
const OF_THE_DATABASE = `(a.objid >= ${FIRST_OID} OR a.classid = 'pg_largeobject'::regclass)
	AND a.classid IN (${Object.keys(OWNED)
		.map((catalog) => `'${catalog.replace("_metadata", "")}'::regclass`)
		.join(", ")})
	AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = a.classid AND d.objid = a.objid AND d.deptype = 'e')`;

/** Where SQL's keyword differs from the server's name for the kind. */
const KINDS: Readonly<Record<string, string>> = {
	function: "ROUTINE",
	procedure: "ROUTINE",
	aggregate: "ROUTINE",
	"statistics object": "STATISTICS",
	"foreign-data wrapper": "FOREIGN DATA WRAPPER",
};
