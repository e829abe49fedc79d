// The objects in a dump by Holdfast 0.1.0, which stored them as SQL in mysqldump's format. This parser accepts only the
// few forms that mysqldump writes; the text is never run as a script.
import * as v from "valibot";
import { HoldfastError } from "../../values/error.ts";
import { objectSchema, type StoredObject } from "./stored-object.ts";
import { bareName, triggerParts } from "./trigger.ts";

/** A quoted name as the server writes it. */
const QUOTED = '(`(?:[^`]|``)*`|"(?:[^"]|"")*")';
const DEFINER = `DEFINER=${QUOTED}(?:@${QUOTED})?`;

const SETTING = /^\/\*!\d+ SET (\w+) *= *(?:'([^']*)'|(\w+)) \*\/ ?;+$/;
const GIVEN_BACK = /^\/\*!\d+ SET \w+ *= *@\w+ \*\/ ?;+$/;
const DATABASE = /^ALTER DATABASE `.*` CHARACTER SET \w+ COLLATE (\w+) ?;+$/;
const VIEW = new RegExp(
	`^/\\*!\\d+ CREATE ALGORITHM=(\\w+) \\*/\n/\\*!\\d+ ${DEFINER} SQL SECURITY (\\w+) \\*/\n/\\*!\\d+ VIEW ${QUOTED}([\\s\\S]*) \\*/;$`,
);
const WRAPPED = /^\/\*!\d+ CREATE\*\/ \/\*!\d+ (DEFINER=[\s\S]*?)\*\/ \/\*!\d+ ([\s\S]*?)\s*\*\/$/;
const ROUTINE = new RegExp(
	`^CREATE ${DEFINER} (AGGREGATE )?(FUNCTION|PROCEDURE|PACKAGE BODY|PACKAGE|EVENT) ${QUOTED}([\\s\\S]*)$`,
);
const TRIGGER = new RegExp(`^CREATE ${DEFINER} (TRIGGER\\s[\\s\\S]*)$`, "i");

export function objectsIn(text: Buffer): StoredObject[] {
	// Keep raw bytes until the character set of an object is known.
	const lines = text.toString("latin1").split("\n");
	const settings: Record<string, string> = {};
	const found: StoredObject[] = [];
	const untilLine = (from: number, isLast: (line: string) => boolean) => {
		const last = lines.findIndex((line, index) => index >= from && isLast(line));
		if (last < 0) throw notUnderstood(lines[from] ?? "");
		return last;
	};
	for (let at = 0; at < lines.length; at++) {
		const line = lines[at] ?? "";
		const [, name, quoted, plain] = SETTING.exec(line) ?? [];
		const collation = DATABASE.exec(line)?.[1];
		if (name !== undefined) settings[name.toLowerCase()] = quoted ?? plain ?? "";
		else if (collation !== undefined) settings.database = collation;
		else if (/^\/\*!\d+ CREATE ALGORITHM=/.test(line)) {
			const last = untilLine(at, (one) => one.endsWith(" */;"));
			found.push(viewIn(lines.slice(at, last + 1).join("\n"), settings));
			at = last;
		} else if (line === "DELIMITER ;;") {
			const last = untilLine(at, (one) => one === "DELIMITER ;");
			found.push(routineIn(lines.slice(at + 1, last), settings));
			at = last;
		}
	}
	return found;
}

function viewIn(text: string, settings: Record<string, string>): StoredObject {
	const [, algorithm, user, host, security, name, rest] = VIEW.exec(text) ?? [];
	return object({ kind: "VIEW", user, host, name, text: rest, algorithm, security }, settings);
}

function routineIn(region: readonly string[], settings: Record<string, string>): StoredObject {
	const lines = [...region];
	for (
		let first = lines[0];
		first !== undefined && !/^(CREATE|\/\*!\d+ CREATE\*\/) /.test(first);
		first = lines[0]
	) {
		const [, name, quoted, plain] = SETTING.exec(first) ?? [];
		if (name !== undefined) settings[name.toLowerCase()] = quoted ?? plain ?? "";
		lines.shift();
	}
	while (GIVEN_BACK.test(lines.at(-1) ?? "")) lines.pop();
	const all = lines.join("\n");
	if (!all.endsWith(";;")) throw notUnderstood(all);
	const bare = all.slice(0, -2).trimEnd();
	const [, by, inner] = WRAPPED.exec(bare) ?? [];
	const statement = inner === undefined ? bare : `CREATE ${by} ${inner}`;
	const [, user, host, aggregate, kind, name, rest] = ROUTINE.exec(statement) ?? [];
	if (kind !== undefined)
		return object(
			{ kind, user, host, name, text: rest, ...(aggregate ? { aggregate: true } : {}) },
			settings,
		);
	const [, byUser, byHost, definition = ""] = TRIGGER.exec(statement) ?? [];
	const parts = triggerParts(definition);
	if (!parts) throw notUnderstood(statement);
	const { body, ...trigger } = parts;
	return object({ kind: "TRIGGER", user: byUser, host: byHost, ...trigger, text: body }, settings);
}

function object(
	{ user, host, name, table, text, ...more }: Record<string, unknown>,
	settings: Record<string, string>,
): StoredObject {
	const { sql_mode: sqlMode = "", character_set_client: charset = "utf8mb4" } = settings;
	const decode = (bytes: unknown) => decoded(String(bytes ?? ""), charset);
	const bare = (quoted: unknown) => bareName(decoded(String(quoted ?? ""), "utf8mb4"));
	const found = v.safeParse(objectSchema, {
		...more,
		name: bare(name),
		definer: { user: bare(user), host: bare(host) },
		...{ sqlMode: more.kind === "VIEW" ? "" : sqlMode, charset },
		collation: settings.collation_connection ?? "utf8mb4_general_ci",
		...(more.kind === "VIEW" ? {} : { databaseCollation: settings.database }),
		...(more.kind === "EVENT" ? { timeZone: settings.time_zone } : {}),
		...(table === undefined ? {} : { table: bare(table) }),
		text: decode(text),
	});
	if (found.success) return found.output;
	throw notUnderstood(String(name));
}

/** Decode text whose bytes were read as `latin1`, using the character set that the server wrote it in. */
function decoded(bytes: string, charset: string): string {
	const label = /^(utf8|ascii|binary)/.test(charset)
		? "utf8"
		: charset === "latin1"
			? "windows-1252"
			: charset;
	try {
		return new TextDecoder(label).decode(Buffer.from(bytes, "latin1"));
	} catch {
		throw new HoldfastError(
			"archive-damaged",
			`the dump contains text in the unknown character set ${charset}`,
		);
	}
}

function notUnderstood(text: string): HoldfastError {
	return new HoldfastError("archive-damaged", "the views and routines in the dump cannot be parsed", {
		details: [text.slice(0, 200)],
		hint: "restore to a folder with --into, and load the dump by hand",
	});
}
