// Our pages as tests read them: their blocks, the lines that they tell people to type, and what they print below those.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";

export const PROJECT = join(import.meta.dirname, "../..");

/** Those that are written by hand. */
export const PAGES: readonly string[] = execFileSync("git", ["ls-files", "*.md"], {
	cwd: PROJECT,
	encoding: "utf8",
})
	.trim()
	.split("\n")
	.filter(
		(page) =>
			/^(README|SECURITY|CONTRIBUTING)\.md$|^docs\//.test(page) &&
			!/^docs\/(reference|decisions)\//.test(page),
	)
	.concat("docs/reference/archives.md");

export interface Block {
	readonly language: string;
	readonly text: string;
}

export interface Typed {
	/** Without the prompt and the remark behind it. */
	readonly line: string;
	/** Typed by root, at the prompt "#". */
	readonly isRoots: boolean;
	/** As the page shows it; empty where it shows none. */
	readonly output: string;
}

export const textOf = (page: string) => readFileSync(join(PROJECT, page), "utf8");

/** `language`: of these blocks only. */
export const blocksOf = (page: string, language?: string): Block[] =>
	[...textOf(page).matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
		.map(([, one = "", text = ""]) => ({ language: one, text }))
		.filter((block) => language === undefined || block.language === language);

/** The text of the one block of a page that has this in it. */
export function blockOf(page: string, words: string): string {
	const [found, ...more] = blocksOf(page).filter(({ text }) => text.includes(words));
	assert.ok(found !== undefined && more.length === 0, `${page} has another form: ${words}`);
	return found.text;
}

export function typedIn({ language, text }: Block): Typed[] {
	const prompted = /^([$#]) (.*)\n((?:(?![$#] ).*\n)*)/gm;
	const lines =
		language === "console"
			? [...text.matchAll(prompted)].map(([, prompt, line = "", output = ""]) => ({ prompt, line, output }))
			: language === "sh"
				? text
						.trimEnd()
						.split("\n")
						.map((line) => ({ prompt: "$", line, output: "" }))
				: [];
	return lines.map(({ prompt, line, output }) => ({
		...{ line: line.replace(/\s+#\s.*$/, ""), isRoots: prompt === "#", output },
	}));
}

/** What no test runs, and why. */
export const NOT_RUN: readonly (readonly [line: RegExp, why: string])[] = [
	[/^(cd \/opt\/holdfast && )?npm ci$|npm ci$/, "the tests run in a checkout where it has run"],
	[/^npm (test|run demo)$/, "these run the tests, or are run by those who run them"],
	[/^apt-get install /, "test/packages lists what the tests install"],
];

/** The lines of a page that a test runs, in order. */
export const linesOf = (page: string): Typed[] =>
	blocksOf(page)
		.flatMap((block) => typedIn(block))
		.filter(({ line }) => !NOT_RUN.some(([one]) => one.test(line)));

/** The one line of a page that looks like this. */
export function lineOf(page: string, like: RegExp): string {
	const [found, ...more] = linesOf(page).filter(({ line }) => like.test(line));
	assert.ok(found !== undefined && more.length === 0, `${page} has another form: ${like}`);
	return found.line;
}

/**
 * Run each line of a page that can be run. `run` returns what was printed, which the page
 * must show if it shows anything; or nothing if it has looked at that itself.
 */
export async function follow(
	page: string,
	run: (typed: Typed) => Promise<string | undefined>,
): Promise<void> {
	const lines = linesOf(page);
	assert.ok(lines.length > 0, `${page} has another form`);
	for (const typed of lines) {
		const printed = await run(typed);
		if (typed.output !== "" && printed !== undefined)
			assert.match(plain(printed), patternOf(typed.output), typed.line);
	}
}

const quoted = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** What differs each time becomes a pattern; a line "…" stands for any lines. */
export function patternOf(output: string): RegExp {
	const parts = output
		.trimEnd()
		.split("\n")
		.map((line) =>
			line === "…"
				? "[\\s\\S]*?"
				: `${quoted(line)
						.replace(/\d{4}-\d\d-\d\dT\d{6}Z-[a-z0-9]{4}/g, "\\d{4}-\\d\\d-\\d\\dT\\d{6}Z-[a-z0-9]{4}")
						.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d")
						.replace(/\d+(\\\.\d+)? KiB/g, "[\\d.]+ KiB")
						.replace(/\d+ ms/g, "[\\d.]+ m?s")
						.replace(/ +/g, " +")} *\n`,
		);
	return new RegExp(`^${parts.join("")}$`);
}

/** Without colours, and without lines that were drawn over. */
export const plain = (text: string) =>
	`${stripVTControlCharacters(text)
		.split(/\r?\n/)
		.map((line) => line.split("\r").at(-1) ?? "")
		.join("\n")
		.trimEnd()}\n`;
