// The tutorial, typed as it stands by a user who is not root: each command prints what the page says.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { scratch } from "../support/scratch.ts";
import { onTerminal } from "../support/terminal.ts";

const PROJECT = join(import.meta.dirname, "../..");
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

const quoted = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** What differs each time becomes a pattern; a line "…" stands for any lines. */
function patternOf(lines: readonly string[]): RegExp {
	const parts = lines.map((line) =>
		line === "…"
			? "[\\s\\S]*?"
			: `${quoted(line)
					.replace(/\d{4}-\d\d-\d\dT\d{6}Z-[a-z0-9]{4}/g, "\\d{4}-\\d\\d-\\d\\dT\\d{6}Z-[a-z0-9]{4}")
					.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d")
					.replace(/\d+(\\\.\d+)? KiB/g, "[\\d.]+ KiB")
					.replace(/\d+ ms/g, "[\\d.]+ m?s")
					.replace(/ +/g, " +")}\n`,
	);
	return new RegExp(`^${parts.join("")}$`);
}

/** Without colours, and without lines that were drawn over. */
const plain = (text: string) =>
	stripVTControlCharacters(text)
		.split(/\r?\n/)
		.map((line) => line.split("\r").at(-1) ?? "")
		.join("\n");

test("docs/tutorial.md", { skip: isRoot ? undefined : "runs as another user" }, async () => {
	const home = join(scratch("tutorial"), "me");
	chmodSync(dirname(home), 0o755);
	const page = readFileSync(join(PROJECT, "docs/tutorial.md"), "utf8").replaceAll("/home/me", home);
	mkdirSync(join(home, ".local/bin"), { recursive: true });
	mkdirSync(join(home, "holdfast"));
	for (const part of ["bin", "dist", "package.json"])
		cpSync(join(PROJECT, part), join(home, "holdfast", part), { recursive: true });
	symlinkSync(join(home, "holdfast/bin/holdfast"), join(home, ".local/bin/holdfast"));
	execFileSync("chown", ["-R", `${NOBODY}:${NOBODY}`, home]);
	const env = {
		PATH: `${home}/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
		HOME: home,
		LANG: "C.UTF-8",
		HOLDFAST_NODE: process.execPath,
	};
	const asUser = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--"];
	let file = "";
	for (const [, language = "", text = "", named] of page.matchAll(
		/^```(\w+)\n([\s\S]*?)^```$|^Write `~\/([^`]+)`/gm,
	)) {
		if (named !== undefined) file = join(home, named);
		else if (language === "yaml" && file !== "") {
			writeFileSync(file, text);
			chownSync(file, NOBODY, NOBODY);
			file = "";
		} else if (language === "console")
			for (const [, command = "", output = ""] of text.matchAll(/^\$ (.*)\n((?:(?!\$ |# ).*\n)*)/gm)) {
				// The checkout is this one.
				if (/^git clone|ln -s/.test(command)) continue;
				const lines = output.split("\n").slice(0, -1);
				const question = lines.some((line) => line.includes("[y/N]"));
				const { code, text: drawn } = question
					? await onTerminal([...asUser, "bash", "-c", command], { cwd: home, env, answer: "y" })
					: {
							code: 0,
							text: execFileSync("setpriv", [...asUser.slice(1), "bash", "-c", `${command} 2>&1`], {
								cwd: home,
								env,
								encoding: "utf8",
							}),
						};
				assert.equal(code, 0, drawn);
				assert.match(plain(drawn), patternOf(lines), command);
			}
	}
	assert.equal(readFileSync(join(home, "letters/ada.txt"), "utf8"), "Dear Ada\n");
});
