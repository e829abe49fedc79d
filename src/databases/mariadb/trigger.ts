// Split a trigger's definition, which the server stores as it was written, into its head and its body.

/** Whitespace between two words, possibly with comments. */
const GAP = "(?:\\s|/\\*(?!!)[\\s\\S]*?\\*/|(?:--\\s|#)[^\\n]*\\n)";
const QUOTED = '`(?:[^`]|``)*`|"(?:[^"]|"")*"';
const NAME = `(?:${QUOTED}|[\\w$\\u0080-\\uffff]+)`;
const FULL = `(?:${NAME}${GAP}*\\.${GAP}*)?(${NAME})`;
const words = (...all: string[]) => all.join(`${GAP}+`);

const HEAD = new RegExp(
	`^TRIGGER${GAP}+(?:IF${GAP}+NOT${GAP}+EXISTS${GAP}+)?${FULL}${GAP}+(BEFORE|AFTER)${GAP}+(INSERT|UPDATE|DELETE)${GAP}+ON${GAP}+${FULL}${GAP}+${words("FOR", "EACH", "ROW")}(?:${GAP}+(?:FOLLOWS|PRECEDES)${GAP}+${NAME})?(?:${GAP}+|(?=[^\\w$]))`,
	"i",
);

export interface TriggerParts {
	readonly name: string;
	readonly timing: string;
	readonly event: string;
	readonly table: string;
	readonly body: string;
}

/** Parses what follows the definer. Undefined if it has another form. */
export function triggerParts(definition: string): TriggerParts | undefined {
	const found = HEAD.exec(definition);
	if (!found) return undefined;
	const [head, name = "", timing = "", event = "", table = ""] = found;
	return {
		...{ name: bareName(name), timing: timing.toUpperCase(), event: event.toUpperCase() },
		table: bareName(table),
		body: definition.slice(head.length),
	};
}

export function bareName(name: string): string {
	const quote = name[0];
	return quote === "`" || quote === '"' ? name.slice(1, -1).replaceAll(quote + quote, quote) : name;
}
