// Reads settings files of applications as data. Nothing in them is run, and what is more than a plain value is not understood.

/** A plain value; undefined if it is set in a way that is not understood. */
export type Values = ReadonlyMap<string, string | undefined>;

/** Set twice, it is not plain: which one counts is the application's business. */
function add(values: Map<string, string | undefined>, key: string, value: string | undefined): void {
	values.set(key, values.has(key) && values.get(key) !== value ? undefined : value);
}

/** A quote that never ends goes on to the end of the text, so that none is tried twice: nothing follows it, and it is not plain. */
const PHP =
	/(?<comment>\/\*[\s\S]*?(?:\*\/|$)|(?:\/\/|#)[^\n]*)|'(?<single>(?:[^'\\]|\\[\s\S]?)*)(?:'|$)|"(?<double>(?:[^"\\]|\\[\s\S]?)*)(?:"|$)|(?<sign>=>|[^\s])/g;

/** The entries of the arrays in a PHP file, such as Nextcloud's config.php, by key: texts in quotes are plain. */
export function phpValues(text: string): Values {
	const values = new Map<string, string | undefined>();
	const tokens = [...text.matchAll(PHP)].flatMap(({ groups = {} }) => {
		const { comment, single, double, sign = "" } = groups;
		if (comment !== undefined) return [];
		const quoted =
			single?.replaceAll(/\\(['\\])/g, "$1") ?? (/[\\$]/.test(double ?? "") ? undefined : double);
		return [{ quoted, sign }];
	});
	for (const [at, { quoted: key }] of tokens.entries()) {
		const [is, value, end] = tokens.slice(at + 1, at + 4);
		// `$CONFIG['key'] = …` is not an entry of an array, and not plain.
		const isAssigned = is?.sign === "]" && value?.sign === "=";
		if (key === undefined || !(is?.sign === "=>" || isAssigned)) continue;
		const isWhole = !isAssigned && end !== undefined && [",", ")", "]"].includes(end.sign);
		add(values, key, isWhole ? value?.quoted : undefined);
	}
	return values;
}

/** Lines `NAME=value` with optional quotes, as systemd's EnvironmentFile= has them. */
export function environmentValues(text: string): Values {
	const values = new Map<string, string | undefined>();
	for (const line of text.split("\n")) {
		const [, key, value = ""] = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=(.*)$/s.exec(line) ?? [];
		if (key !== undefined) values.set(key, plain(value.trim()));
	}
	return values;
}

/** The value of a unit's Environment= as `systemctl show` prints it: assignments, in quotes if they have blanks. */
export const assignedValues = (text: string): Values =>
	environmentValues(
		[...text.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)]
			.map(([, quoted, bare = ""]) => quoted?.replaceAll(/\\(.)/g, "$1") ?? bare)
			.join("\n"),
	);

/** By `section.KEY`, or `KEY` before the first section. Values with %(…)s refer to others, and are not plain. */
export function iniValues(text: string): Values {
	const values = new Map<string, string | undefined>();
	let section = "";
	for (const line of text.split("\n")) {
		const [, opened] = /^\s*\[([^\]]+)\]/.exec(line) ?? [];
		if (opened !== undefined) section = `${opened.trim()}.`;
		const [, key, value = ""] = /^\s*([\w.-]+)\s*=(.*)$/s.exec(line) ?? [];
		if (key !== undefined)
			values.set(`${section}${key}`, value.includes("%(") ? undefined : plain(value.trim()));
	}
	return values;
}

/** Without its quotes. Undefined if a shell or a program would replace a part of it. */
function plain(value: string): string | undefined {
	const inner = /^(["'`])(.*)\1$/.exec(value)?.[2] ?? value;
	return /["'`\\$]/.test(inner) ? undefined : inner;
}

/** The attributes of each of these elements in an XML file, in order, without those in comments. */
export function xmlElements(text: string, element: string): ReadonlyMap<string, string>[] {
	const bare = text.replaceAll(/<!--[\s\S]*?(?:-->|$)/g, "");
	const opened = new RegExp(`<${element}\\s([^<>]*)>`, "g");
	return [...bare.matchAll(opened)].map(
		([, attributes = ""]) =>
			new Map(
				[...attributes.matchAll(/(?<!\S)([\w:.-]+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [
					name,
					unescaped(value),
				]),
			),
	);
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

const unescaped = (value: string) =>
	value.replaceAll(/&(#\d{1,6}|#x[0-9a-f]{1,5}|\w+);/gi, (whole, name: string) => {
		const [, hex, digits] = /^#(?:x(.+)|(.+))$/i.exec(name) ?? [];
		if (hex === undefined && digits === undefined) return ENTITIES[name] ?? whole;
		return String.fromCodePoint(hex === undefined ? Number(digits) : Number.parseInt(hex, 16));
	});
