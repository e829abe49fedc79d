// What our pages tell people to type and to write: every command line uses commands and flags that there are, and every
// config is valid. The reference pages are generated, and not read here.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { generateHelpTextForAllCommands } from "@stricli/core";
import { application } from "../../src/cli/application.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { blocksOf, PAGES, textOf, typedIn } from "./page.ts";

const folder = scratch("pages");

/** Typed at a prompt, or named in a sentence. */
function commandLines(page: string): string[] {
	const typed = blocksOf(page)
		.flatMap((block) => typedIn(block))
		.map(({ line }) => line);
	return [...typed, ...codeIn(page)]
		.flatMap((line) => line.replace(/\s#\s.*$/, "").split(/\s*(?:&&|\||;)\s*/))
		.filter((line) => /^(sudo )?holdfast( |$)/.test(line))
		.map((line) => line.replace(/^sudo /, ""));
}

/** What a page has in backquotes in its sentences and tables. */
const codeIn = (page: string) =>
	[
		...textOf(page)
			.replace(/^```[\s\S]*?^```$/gm, "")
			.matchAll(/`([^`\n]+)`/g),
	].map(([, code = ""]) => code);

/** A command that only leads to others has no help of its own; it stands for the first of them. */
function isKnown(line: string, helps: ReadonlyMap<string, string>): boolean {
	const words = line.split(/\s+/);
	const firstFlag = words.findIndex((word) => word.startsWith("-"));
	const named = firstFlag < 0 ? words : words.slice(0, firstFlag);
	const route = named
		.map((_, index) => named.slice(0, named.length - index).join(" "))
		.find((one) => helps.has(one));
	const flags = words.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.replace(/=.*/, ""));
	if (route === undefined || (route === "holdfast" && named.length > 1)) {
		const isAbove = [...helps.keys()].some((one) => one.startsWith(`${named.join(" ")} `));
		return isAbove && flags.every((flag) => EVERYWHERE.has(flag));
	}
	const help = helps.get(route) ?? "";
	return flags.every((flag) => EVERYWHERE.has(flag) || help.includes(flag));
}
/** Of programs that are not ours. */
const OF_OTHERS = new Set([
	...["--keep-within", "--lock-tables", "--prefix", "--read-data", "--read-special", "--record"],
	...["--set-gtid-purged", "--verify-data"],
]);
const EVERYWHERE = new Set(["--help", "--version", "--json"]);

describe("commands on our pages", () => {
	/** By route, such as `holdfast archives show`: its help. */
	let helps: ReadonlyMap<string, string>;
	before(async () => {
		helps = new Map(generateHelpTextForAllCommands(await application()));
	});

	for (const page of PAGES)
		test(page, () => {
			const unknown = commandLines(page).filter((line) => !isKnown(line, helps));
			assert.deepEqual(unknown, []);
			const all = [...helps.values()].join("\n");
			const flags = codeIn(page).flatMap((code) => /^--[a-z][\w-]*/.exec(code)?.[0] ?? []);
			assert.deepEqual(
				flags.filter((flag) => !OF_OTHERS.has(flag) && !all.includes(flag)),
				[],
			);
		});

	test("the examples of the help", () => {
		const examples = [...helps].flatMap(([, help]) =>
			[...help.matchAll(/^ {2,}(holdfast .*?)(?: {3,}.*)?$/gm)].map(([, line = ""]) => line),
		);
		assert.ok(examples.length > 50);
		assert.deepEqual(
			examples.filter((line) => !isKnown(line.split(/ [|>] /)[0] ?? "", helps)),
			[],
		);
	});
});

/** A page shows the part that matters. Its indentation says where that belongs. */
function wholeConfig(text: string): string {
	const depth = /^ */.exec(text.replace(/^( *#.*\n)*/, ""))?.[0].length ?? 0;
	const [, key = ""] = /^ *([\w-]+):/m.exec(text.replace(/^ *#.*\n/gm, "")) ?? [];
	const state = "    state:\n      some: { folders: [/srv/some] }\n";
	const providers = "    providers:\n      tar: { destinations: { usb: { path: /mnt/usb/holdfast } } }\n";
	const machine = "machines:\n  web01:\n";
	if (depth === 0) return text;
	if (depth === 8) return `${machine}${providers}    state:\n      notes:\n${text}`;
	const destinations =
		"        destinations: { disk: { repo: /mnt/disk, passphraseFile: /root/passphrase } }\n";
	if (depth === 6)
		return ENGINES.has(key)
			? `${machine}${state}    providers:\n${text}${text.includes("destinations:") ? "" : destinations}`
			: `${machine}${providers}    state:\n${text}`;
	return `${machine}${text}${/^ {4}state:/m.test(text) ? "" : state}${/^ {4}providers:/m.test(text) ? "" : providers}`;
}
const ENGINES = new Set(["borgbackup", "restic", "localbackup", "tar"]);

/** Prometheus's own, and what Nix evaluates: test/nix. */
const NOT_HERE = /^rule_files:|^ +nix:/m;

describe("configs on our pages", () => {
	for (const page of PAGES) {
		const blocks = blocksOf(page);
		const configs = blocks.filter(({ language, text }) => language === "yaml" && !NOT_HERE.test(text));
		configs.forEach(({ text }, index) => {
			test(`${page}, ${index + 1}`, async () => {
				const place = new Place(folder);
				for (const block of blocks) {
					const [, name] = /export const (\w+) = defineModule/.exec(block.text) ?? [];
					if (name !== undefined) place.write(`${name}.ts`, block.text);
				}
				place.write("holdfast.yaml", wholeConfig(text));
				const { code, stdout, stderr } = await place.holdfast("validate");
				assert.equal(code, 0, `${stdout}${stderr}\n${wholeConfig(text)}`);
			});
		});
	}
});
