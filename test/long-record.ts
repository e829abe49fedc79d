// The table of docs/reliability.md: when each part of the long tier was last run by hand, on which commit, and its outcome.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FILE = join(import.meta.dirname, "../docs/reliability.md");

interface Run {
	readonly name: string;
	readonly minutes: number;
	readonly passed: boolean;
}

/** Writes the line of a part that has just run; the table is in the order of `names`. */
export function record(names: readonly string[], { name, minutes, passed }: Run): void {
	const lines = readFileSync(FILE, "utf8").split("\n");
	const begin = lines.findIndex((line) => line.startsWith("| part |")) + 2;
	const end = lines.findIndex((line, at) => at >= begin && !line.startsWith("|"));
	const rows = new Map(lines.slice(begin, end).map((line) => [line.split("|")[1]?.trim(), line]));
	const day = new Date().toISOString().slice(0, 10);
	const outcome = passed ? "passed" : "**failed**";
	rows.set(name, `| ${name} | ${day} | ${commit()} | ${minutes.toFixed(1)} | ${outcome} |`);
	const table = names.flatMap((one) => rows.get(one) ?? []);
	writeFileSync(FILE, [...lines.slice(0, begin), ...table, ...lines.slice(end)].join("\n"));
}

function commit(): string {
	const git = (...words: readonly string[]) => execFileSync("git", words, { encoding: "utf8" }).trim();
	const isChanged = git("status", "--porcelain", "--untracked-files=no", "src", "test") !== "";
	return `${git("rev-parse", "--short=8", "HEAD")}${isChanged ? " and changes" : ""}`;
}
