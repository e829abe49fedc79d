// Every link between our pages is valid: the file exists, and so does the heading.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

const PROJECT = join(import.meta.dirname, "../..");
const pages = execFileSync("git", ["ls-files", "*.md"], { cwd: PROJECT, encoding: "utf8" })
	.trim()
	.split("\n");

/** As forges derive them from headings: letters, digits, "-" and "_" stay, spaces become "-". */
function anchorsOf(page: string): Set<string> {
	const anchors = new Set<string>();
	for (const [, heading = ""] of textOf(page).matchAll(/^#+ +(.*)$/gm)) {
		const slug = heading
			.toLowerCase()
			.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
			.replace(/[^\p{L}\p{N}\- _]/gu, "")
			.replaceAll(" ", "-");
		let name = slug;
		for (let again = 1; anchors.has(name); again++) name = `${slug}-${again}`;
		anchors.add(name);
	}
	return anchors;
}

/** Without code blocks. */
const textOf = (page: string) => readFileSync(join(PROJECT, page), "utf8").replace(/^```[\s\S]*?^```$/gm, "");

for (const page of pages)
	test(page, () => {
		const lost: string[] = [];
		for (const [, link = ""] of textOf(page).matchAll(/\]\(([^)\s]+)\)/g)) {
			if (/^[a-z]+:/.test(link)) continue;
			const [path = "", anchor] = link.split("#");
			const to = path === "" ? page : normalize(join(dirname(page), path));
			if (!existsSync(join(PROJECT, to))) lost.push(link);
			else if (anchor !== undefined && to.endsWith(".md") && !anchorsOf(to).has(anchor)) lost.push(link);
		}
		assert.deepEqual(lost, []);
	});
