// Whether imports keep to the layers, by the rules of layers.json. They have the form of dependency-cruiser's, which reads
// no sources beside TypeScript 7, and then finds nothing wrong: so they are read here, as far as they are used.
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

interface Side {
	readonly path?: string;
	readonly pathNot?: string;
	readonly circular?: true;
	/** false: but for what is imported when it is wanted. */
	readonly dynamic?: false;
	readonly dependencyTypesNot?: readonly ("type-only" | "dynamic-import")[];
}
interface Rule {
	readonly name: string;
	readonly from: Side;
	readonly to: Side;
}
interface Import {
	readonly from: string;
	readonly to: string;
	readonly dynamic: boolean;
	readonly typeOnly: boolean;
}

process.chdir(join(import.meta.dirname, ".."));
const { forbidden } = JSON.parse(readFileSync(join(import.meta.dirname, "layers.json"), "utf8")) as {
	readonly forbidden: readonly Rule[];
};
const imports = globSync("src/**/*.ts").flatMap(importsOf);
if (imports.length < 100)
	throw new Error(`only ${imports.length} imports were found: they are not read right`);
const faults = forbidden.flatMap((rule) =>
	rule.to.circular
		? cycles()
		: imports.filter((one) => breaks(rule, one)).map((one) => `${rule.name}: ${shown(one)}`),
);
for (const fault of faults) process.stderr.write(`${fault}\n`);
if (faults.length > 0) process.exitCode = 1;

function importsOf(from: string): Import[] {
	const text = readFileSync(from, "utf8");
	const to = (path = "") => join(dirname(from), path);
	return [
		...[...text.matchAll(/^(?:import|export)\s+(type\s+)?(?:([^;"]*?)\s+from\s+)?"(\.[^"]+)"/gm)].map(
			([, type, names = "", path]) => ({
				from,
				to: to(path),
				dynamic: false,
				typeOnly: type !== undefined || /^\{(\s*type\s[^,}]+,?)+\s*\}$/.test(names),
			}),
		),
		...[...text.matchAll(/\bimport\(\s*"(\.[^"]+)"/g)].map(([, path]) => ({
			from,
			to: to(path),
			dynamic: true,
			typeOnly: false,
		})),
	];
}

function breaks({ from, to }: Rule, one: Import): boolean {
	const source = new RegExp(from.path ?? "").exec(one.from);
	if (source === null || (from.pathNot !== undefined && new RegExp(from.pathNot).test(one.from)))
		return false;
	// A rule may name again what the source's path has matched.
	const pattern = (text: string) =>
		new RegExp(text.replace(/\$(\d)/g, (_, group) => source[Number(group)] ?? ""));
	return (
		pattern(to.path ?? "").test(one.to) &&
		!(to.pathNot !== undefined && pattern(to.pathNot).test(one.to)) &&
		!(one.dynamic && (to.dynamic === false || to.dependencyTypesNot?.includes("dynamic-import"))) &&
		!(one.typeOnly && to.dependencyTypesNot?.includes("type-only"))
	);
}

/** Depth first, types included, without what is imported when it is wanted: a file that is met again while it is open closes a circle. */
function cycles(): string[] {
	const loaded = Map.groupBy(
		imports.filter(({ dynamic }) => !dynamic),
		({ from }) => from,
	);
	const done = new Set<string>();
	const found: string[] = [];
	const visit = (file: string, open: readonly string[]) => {
		if (open.includes(file))
			found.push(`no-cycles: ${[...open.slice(open.indexOf(file)), file].join(" → ")}`);
		if (done.has(file) || open.includes(file)) return;
		for (const { to } of loaded.get(file) ?? []) visit(to, [...open, file]);
		done.add(file);
	};
	for (const file of loaded.keys()) visit(file, []);
	return found;
}

function shown({ from, to }: Import): string {
	return `${from} → ${to}`;
}
