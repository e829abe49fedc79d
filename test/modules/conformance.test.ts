// Modules leave out only what the application makes again by itself: the trees of `trees.ts` are really stored, and
// compared with what is in the archive. Tar is enough: patterns mean the same for every engine (engines/patterns.test.ts).
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { before, describe, test } from "node:test";
import * as v from "valibot";
import { excludeFault } from "../../src/manifest/exclude.ts";
import { type State, stateSchema } from "../../src/manifest/state.ts";
import { declares } from "../../src/modules/describe.ts";
import { LIBRARY } from "../../src/modules/library.ts";
import type { Module } from "../../src/modules/module.ts";
import { asPattern, below, leavesOut } from "../../src/values/patterns.ts";
import { openTar } from "../engines/engines.ts";
import { intoFolder, metadataOf, quiet } from "../engines/fixtures.ts";
import { scratch } from "../support/scratch.ts";
import { MORE_TREES } from "./more-trees.ts";
import { TREES as FIRST_TREES, type Tree } from "./trees.ts";

const TREES = [...FIRST_TREES, ...MORE_TREES];

const folder = scratch("conformance");
const into = join(folder, "into");

function statesOf({ module, options = {}, nixos }: Tree): State[] {
	const { state, faults } = declares(LIBRARY.get(module) as Module, LIBRARY, options, nixos === true);
	assert.deepEqual(faults, []);
	return Object.values(state).map((one) => v.parse(stateSchema, one));
}

/** Names that only the application gives, wherever they are: the only ones that may be left out at any depth. */
const OWN_NAME = /\/\*\*\/(dovecot[.-][a-z.-]+|__pycache__)$/;

const isBelow = (path: string, above: string) => path.startsWith(`${above}/`);

/** Where the test has a path of a row's machine. */
const placeOf = (index: number, path = "") => join(folder, "rows", `${index}${path}`);

/** A user's file with the last name of each pattern, two folders further down. */
const namesakesOf = (states: readonly State[]) =>
	states.flatMap(({ folders, exclude }) =>
		exclude
			.filter((pattern) => !OWN_NAME.test(pattern))
			.flatMap((pattern) => {
				const root = folders.find((one) => isBelow(pattern, asPattern(one)));
				return root === undefined ? [] : `${root}/people/anna/${nameFor(pattern.split("/").at(-1) ?? "")}`;
			}),
	);

/** A name that the last part of a pattern matches. */
const nameFor = (part: string) =>
	part.replace(
		/\\(.)|\*|\?|\[[!^]?(.)[^\]]*\]/g,
		(all, literal, one) => literal ?? (all === "*" ? "x" : (one ?? "x")),
	);

function plant(index: number, paths: readonly string[]): void {
	for (const path of paths) {
		mkdirSync(dirname(placeOf(index, path)), { recursive: true });
		writeFileSync(placeOf(index, path), "x");
	}
}

const filesIn = (at: string) =>
	readdirSync(at, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => join(entry.parentPath, entry.name).slice(at.length));

describe("what modules leave out", () => {
	before(async () => {
		const roots = TREES.flatMap((tree, index) => {
			const states = statesOf(tree);
			const names = [...tree.kept, ...(tree.remade ?? [])].map((name) => `${tree.below}/${name}`);
			const planted = [...names, ...namesakesOf(states)];
			const folders = states.flatMap(({ folders }) => folders);
			// A root that nothing is planted in may be a file.
			const others = folders.filter((one) => !planted.some((path) => isBelow(path, one)));
			plant(index, [...planted, ...others]);
			return states.flatMap(({ folders, exclude }) =>
				folders.map((path) => ({
					path: placeOf(index, path),
					exclude: exclude.flatMap((pattern) => below(path, pattern)),
				})),
			);
		});
		const destination = openTar(folder);
		await destination.create({ name: "a", roots, metadata: metadataOf("a") }, true, quiet);
		mkdirSync(into);
		await destination.restore(
			"a",
			roots.map(({ path }) => path),
			intoFolder(into),
			quiet,
		);
	});

	for (const [index, tree] of TREES.entries())
		test(`${tree.module}${tree.nixos ? " on NixOS" : ""}: ${tree.below}`, () => {
			const stored = new Set(filesIn(into + placeOf(index)));
			const missing = filesIn(placeOf(index)).filter((path) => !stored.has(path));
			assert.deepEqual(
				missing.toSorted(),
				(tree.remade ?? []).map((name) => `${tree.below}/${name}`).toSorted(),
			);
		});

	for (const [index, tree] of TREES.entries())
		test(`${tree.module} (${index}): its patterns are reviewed, and leave something`, () => {
			for (const { folders, exclude, dumps } of statesOf(tree))
				for (const pattern of exclude) {
					assert.equal(excludeFault(pattern, folders, dumps), undefined);
					const isRemade = (tree.remade ?? []).some((name) =>
						folders.some(
							(root) =>
								isBelow(`${tree.below}/${name}`, root) &&
								leavesOut(below(root, pattern), `${tree.below}/${name}`.slice(root.length + 1).split("/")),
						),
					);
					assert.ok(isRemade, `${pattern} leaves out nothing that its row names`);
				}
		});

	test("every module that leaves something out has a row, and none leaves out a name at any depth", () => {
		for (const module of LIBRARY.values())
			for (const nixos of [false, true])
				for (const { exclude = [] } of Object.values(declares(module, LIBRARY, {}, nixos).state))
					for (const pattern of exclude) {
						assert.ok(
							TREES.some((tree) => tree.module === module.name),
							module.name,
						);
						assert.ok(
							pattern.startsWith("/") && (!pattern.includes("/**/") || OWN_NAME.test(pattern)),
							pattern,
						);
					}
	});
});
