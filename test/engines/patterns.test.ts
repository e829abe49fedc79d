// Patterns mean the same for every engine: what each real engine stores matches a small matcher of bytes that shares
// no code with the program, and the examples of docs/reference/patterns.md are correct. HOLDFAST_ROUNDS sets the
// number of rounds.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import fc from "fast-check";
import { EXAMPLES, FOLDER, PATHS, REFUSED, REFUSED_THERE } from "../../scripts/pattern-examples.ts";
import type { Root } from "../../src/engines/destination.ts";
import {
	asPattern,
	below,
	leavesNothing,
	leavesOut,
	pathBelow,
	patternFault,
} from "../../src/values/patterns.ts";
import { ENGINES, setUpEngines } from "./engines.ts";
import { intoFolder, metadataOf, quiet } from "./fixtures.ts";
import { REPORTS, type Report } from "./pattern-reports.ts";

const scratch = mkdtempSync(join(tmpdir(), "holdfast-patterns-"));
setUpEngines(join(scratch, "engines"));
after(() => rmSync(scratch, { recursive: true, force: true }));
const numRuns = Number(process.env.HOLDFAST_ROUNDS) || 1;

/** Names, as bytes in latin1: some engine has misread each of them, or they look like a pattern. */
const bytes = (text: string) => Buffer.from(text).toString("latin1");
const NAMES = [
	..."a b ab x.tmp y.tmp .hid -d cache tmp temp-1.rdb temp-22.rdb Temp-1.rdb a*b a?b [a] ] ^ a-b ! !x ~ # {a,b} ** \\ back\\slash".split(
		" ",
	),
	...["a b", " ", "line\nbreak", "q\"'`$x", "ü", "u\u0308", "日本.tmp", "temp-ü.rdb", "é"].map(bytes),
	...["\xff.tmp", "a\xe2\x82", "temp-\xff.rdb", "\xc3", "\xed\xa0\x80"],
];

/** One component of a pattern, as the test represents it. */
type Atom =
	| { readonly text: string }
	| { readonly star: true }
	| { readonly set: string; readonly not: boolean };
type Part = "**" | readonly Atom[];

const written = (parts: readonly Part[]) =>
	parts
		.map((part) =>
			part === "**"
				? part
				: part
						.map((atom) => {
							if ("text" in atom) return atom.text.replace(/[\\*?[\]]/g, "\\$&");
							if ("star" in atom) return "*";
							if (atom.set === "") return "?";
							return `[${atom.not ? "!" : ""}${atom.set.replace(/[\\\]^![-]/g, "\\$&")}]`;
						})
						.join(""),
		)
		.join("/")
		.replace(/^[!~]/, "\\$&");

/** Whether a name, in bytes, matches. */
function isMeant(atoms: readonly Atom[], name: string): boolean {
	const [atom, ...rest] = atoms;
	if (atom === undefined) return name === "";
	if ("text" in atom)
		return name.startsWith(bytes(atom.text)) && isMeant(rest, name.slice(bytes(atom.text).length));
	if ("star" in atom)
		return Array.from({ length: name.length + 1 }, (_, at) => name.slice(at)).some((tail) =>
			isMeant(rest, tail),
		);
	const [first = "\xff"] = name;
	return (
		first < "\x80" &&
		(atom.set === "" || atom.set.includes(first) !== atom.not) &&
		isMeant(rest, name.slice(1))
	);
}

/** Whether these names, or those of a folder that contains them, match. */
function isOut(parts: readonly Part[], names: readonly string[]): boolean {
	const [part, ...rest] = parts;
	if (part === undefined) return true;
	if (part === "**") return isOut(rest, names) || (names.length > 0 && isOut(parts, names.slice(1)));
	const [name, ...more] = names;
	return name !== undefined && isMeant(part, name) && isOut(rest, more);
}

const isUtf8 = (name: string) => bytes(Buffer.from(name, "latin1").toString()) === name;
const textOf = (name: string) => Buffer.from(name, "latin1").toString();

const anyName = fc.constantFrom(...NAMES);
const anyTree = fc.uniqueArray(fc.array(anyName, { minLength: 1, maxLength: 4 }), {
	minLength: 12,
	maxLength: 30,
	selector: (names) => names.join("/"),
});
const anyWays = fc.array(fc.constantFrom(..."ttttt*?sn"), { minLength: 9, maxLength: 9 });
const anyRoot = fc.record({
	kind: fc.constantFrom("name", "below", "absolute"),
	tree: anyTree,
	name: anyName.filter(isUtf8),
	/**
	 * The path in the tree that the pattern is derived from, how much of it, and how each of its names is changed.
	 */
	path: fc.nat(),
	length: fc.nat(),
	ways: fc.array(fc.tuple(fc.boolean(), anyWays), { minLength: 4, maxLength: 4 }),
	inner: fc.option(fc.nat()),
});
type Case = typeof anyRoot extends fc.Arbitrary<infer T> ? T : never;

/** A name with some of its characters replaced. */
function unsaid(name: string, ways: readonly string[]): Atom[] {
	const all = isUtf8(name) ? [...textOf(name)] : [];
	const atoms = all.slice(0, ways.length).map((character, index): Atom => {
		const way = ways[index];
		if (way === "*" || character < " ") return { star: true };
		if (character > "\x7e" || way === "t") return { text: character };
		if (way === "?") return { set: "", not: false };
		return way === "s" ? { set: `${character}q-`, not: false } : { set: "]^a", not: true };
	});
	if (all.length > ways.length || atoms.length === 0) atoms.push({ star: true });
	return atoms.filter((atom, index) => !("star" in atom && "star" in (atoms[index - 1] ?? {})));
}

function partsOf({ tree, path, length, ways }: Case): Part[] {
	const names = tree[path % tree.length] ?? [];
	const taken = names.slice(0, 1 + (length % names.length));
	const parts = taken.flatMap((name, index): Part[] => {
		const [isFar, own = []] = ways[index] ?? [];
		const part = unsaid(name, own);
		// A pattern may have at most three of them.
		return [...(isFar && own[0] !== "t" && index < 3 ? (["**"] as const) : []), part];
	});
	// Another test covers patterns that would exclude everything.
	const hasName = parts.some((part) => part !== "**" && !part.every((atom) => "star" in atom));
	return hasName ? parts : [...parts, [{ text: "a" }]];
}

/** Everything below a folder, in bytes. */
function entriesOf(folder: string, types = "d,f"): string[] {
	const found = execFileSync("find", [folder, "-mindepth", "1", "-type", types, "-printf", "%P\\0"], {
		maxBuffer: 2 ** 28,
	});
	return found.toString("latin1").split("\0").slice(0, -1).sort();
}

const at = (path: string) => Buffer.from(path, "latin1");

function plant(root: string, names: readonly string[]): void {
	const path = `${bytes(root)}/${names.join("/")}`;
	try {
		mkdirSync(at(path.slice(0, path.lastIndexOf("/"))), { recursive: true });
		writeFileSync(at(path), "x", { flag: "wx" });
	} catch (error) {
		// One of its components already exists as a file or folder.
		if (!["EEXIST", "ENOTDIR", "EISDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
	}
}

async function storedBy(engine: (typeof ENGINES)[number], base: string, roots: readonly Root[]) {
	const folder = mkdtempSync(join(scratch, `${engine.name}-`));
	const destination = engine.open(folder);
	const { unreadable } = await destination.create(
		{ name: "a", roots, metadata: metadataOf("a") },
		true,
		quiet,
	);
	const into = join(folder, "into");
	mkdirSync(into);
	await destination.restore(
		"a",
		roots.map(({ path }) => path),
		intoFolder(into),
		quiet,
	);
	const stored = entriesOf(into + base);
	rmSync(folder, { recursive: true });
	return { stored, unreadable };
}

/** Create a tree below `base`; returns what must be stored of it, and the patterns that exclude the rest. */
function plantCase(one: Case, base: string, index: number) {
	const { tree, kind, name } = one;
	const parts = partsOf(one);
	const path = join(base, String(index), textOf(name));
	for (const names of tree) plant(path, names);
	const above = path
		.slice(1)
		.split("/")
		.map((it): Part => (it.includes("\n") ? [{ star: true }] : [{ text: it }]));
	const last = parts.slice(-1);
	const pattern =
		kind === "absolute"
			? `/${written([...above, ...parts])}`
			: kind === "below"
				? parts.length === 1
					? `./${written(parts)}`
					: written(parts)
				: written(last);
	const isLeft = (entry: string) => isOut(kind === "name" ? ["**", ...last] : parts, entry.split("/"));
	const entries = entriesOf(path);
	const folders = entriesOf(path, "d").filter(isUtf8);
	const inner = one.inner === null ? undefined : folders[one.inner % folders.length];
	const innerPath = inner === undefined ? undefined : `${path}/${textOf(inner)}`;
	const isInner = (entry: string) => entry === inner || entry.startsWith(`${inner}/`);
	const isAround = (entry: string) => inner?.startsWith(`${entry}/`);
	const roots: Root[] = [
		{ path, exclude: [...below(path, pattern), ...(innerPath ? pathBelow(path, innerPath) : [])] },
		...(innerPath ? [{ path: innerPath, exclude: below(innerPath, "b") }] : []),
	];
	const stored = entries.filter((entry) =>
		isInner(entry)
			? !isOut(["**", [{ text: "b" }]], entry.slice((inner ?? "").length + 1).split("/"))
			: isAround(entry) || !isLeft(entry),
	);
	const prefix = `${index}/${name}`;
	return {
		roots,
		said: `${index}: ${pattern}${innerPath ? ` beside ${innerPath}` : ""}`,
		meant: [String(index), prefix, ...stored.map((entry) => `${prefix}/${entry}`)],
		isHit: entries.some(isLeft),
	};
}

/** The same for an example of the reference or a report, as if its tree were in "/". */
function plantExample(one: Omit<Report, "from">, base: string, name: string) {
	const { pattern, paths, leavesOut: left } = one;
	const top = join(base, name);
	const path = top + FOLDER;
	for (const file of paths) plant(path, bytes(file).split("/"));
	const gone = left.map((it) => bytes(`${FOLDER.slice(1)}/${it}`));
	const stored = entriesOf(top).filter(
		(entry) => !gone.some((it) => entry === it || entry.startsWith(`${it}/`)),
	);
	return {
		roots: [{ path, exclude: below(path, pattern.startsWith("/") ? asPattern(top) + pattern : pattern) }],
		said: `${name}: ${pattern}`,
		meant: [name, ...stored.map((entry) => `${name}/${entry}`)],
		isHit: true,
	};
}

describe("patterns", () => {
	test("the examples of the reference are what the program makes of them", () => {
		for (const { pattern, leavesOut: meant } of EXAMPLES)
			for (const path of PATHS) {
				const isLeft = meant.some((one) => path === one || path.startsWith(`${one}/`));
				assert.equal(leavesOut(below(FOLDER, pattern), path.split("/")), isLeft, `${pattern} ${path}`);
			}
		for (const pattern of REFUSED) assert.match(patternFault(pattern) ?? "", /is not a pattern: /, pattern);
		for (const pattern of REFUSED_THERE)
			assert.ok(patternFault(pattern) ?? below(FOLDER, pattern).some(leavesNothing), pattern);
	});

	test("a pattern is read, and matches a name, as a matcher of another making does", () => {
		fc.assert(
			fc.property(anyRoot, (one) => {
				const parts = partsOf(one);
				const exclusions = below("/srv/app", parts.length === 1 ? `./${written(parts)}` : written(parts));
				const absolute = below("/srv/[app]*\\x", `${asPattern("/srv/[app]*\\x")}/${written(parts)}`);
				for (const names of one.tree.filter((some) => some.every(isUtf8))) {
					assert.equal(leavesOut(exclusions, names.map(textOf)), isOut(parts, names), written(parts));
					assert.equal(leavesOut(absolute, names.map(textOf)), isOut(parts, names), written(parts));
				}
			}),
			{ numRuns: 300 * numRuns },
		);
	});

	for (const engine of ENGINES)
		test(`${engine.name} stores what the examples and the matcher say, whatever the patterns and the names`, async () => {
			let [hits, tries] = [0, 0];
			await fc.assert(
				fc.asyncProperty(fc.array(anyRoot, { minLength: 12, maxLength: 12 }), async (cases) => {
					const base = mkdtempSync(join(scratch, "roots-"));
					const random = cases.map((one, index) => plantCase(one, base, index));
					const planted = [
						...random,
						...EXAMPLES.map((one, index) => plantExample({ ...one, paths: PATHS }, base, `example ${index}`)),
						...REPORTS.map((one, index) => plantExample(one, base, `report ${index}`)),
					];
					hits += random.filter(({ isHit }) => isHit).length;
					tries += random.length;
					const roots = planted.flatMap((one) => one.roots);
					const { stored, unreadable } = await storedBy(engine, base, roots);
					rmSync(base, { recursive: true });
					assert.deepEqual(unreadable, []);
					assert.deepEqual(
						stored,
						planted.flatMap(({ meant }) => meant).sort(),
						planted.map(({ said }) => said).join("\n"),
					);
				}),
				{ numRuns, endOnFailure: true },
			);
			assert.ok(hits > tries / 2, `only ${hits} of ${tries} patterns left something out`);
		});
});
