// Run the demo on a terminal of its own and draw what it printed: docs/demo.svg.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";

const ROOT = join(import.meta.dirname, "..");
const COLUMNS = 104;
const LINE = 18;

const { stdout } = spawnSync("script", ["-qec", `stty cols ${COLUMNS}; sh demo/run`, "/dev/null"], {
	cwd: ROOT,
	env: { ...process.env, NO_COLOR: "1" },
	encoding: "utf8",
});
const lines = stripVTControlCharacters(stdout).replaceAll("\r", "").trim().split("\n");
writeFileSync(join(ROOT, "docs/demo.svg"), draw(lines));

function draw(shown: readonly string[]): string {
	const height = shown.length * LINE + 40;
	const rows = shown.map((line, row) => {
		const colour = line.startsWith("$ ") ? "#7ee787" : /^\s*[✔✘]/.test(line) ? "#e6edf3" : "#9da7b3";
		return `<text x="20" y="${row * LINE + 34}" fill="${colour}" xml:space="preserve">${inXml(clip(line))}</text>`;
	});
	return `<svg xmlns="http://www.w3.org/2000/svg" width="${COLUMNS * 8 + 20}" height="${height}" font-family="ui-monospace, 'DejaVu Sans Mono', monospace" font-size="13">
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
${rows.join("\n")}
</svg>
`;
}

function clip(line: string): string {
	return line.length > COLUMNS ? `${line.slice(0, COLUMNS - 1)}…` : line;
}

function inXml(text: string): string {
	return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
