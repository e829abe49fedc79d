// What Node itself takes of a bound: an engine's listing that is started and read by a program that does nothing else.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, compare } from "./measure.ts";
import { type Row, shown } from "./row.ts";

const BARE = `import { execFileSync } from "node:child_process";
const [program, ...words] = process.argv.slice(2);
JSON.parse(execFileSync(program, words, { maxBuffer: 2 ** 30 }));
`;

export async function nodeAlone(
	scratch: string,
	listing: string,
	plain: Command,
	pairs: number,
): Promise<Row> {
	const bare = join(scratch, "bare.mjs");
	writeFileSync(bare, BARE);
	return shown(
		`${listing}, started and read by a program of Node that does nothing else`,
		listing,
		"what Node alone takes of the bound above",
		await compare({ ...plain, argv: [process.execPath, bare, ...plain.argv] }, plain, pairs),
	);
}
