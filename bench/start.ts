// Cold start, against an empty program on the same Node.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compare, run } from "./measure.ts";
import { HOLDFAST, place } from "./place.ts";
import { atMost, type Row } from "./row.ts";

export async function startBench(scratch: string): Promise<Row[]> {
	const empty = join(scratch, "empty.mjs");
	writeFileSync(empty, "");
	const data = join(scratch, "data");
	mkdirSync(data);
	writeFileSync(join(data, "file"), "x");
	const here = place(scratch, [data], {
		disk: { type: "tar", destinations: { here: { path: join(scratch, "archives") } } },
	});
	await run({ ...here, argv: [HOLDFAST, "create"] });
	const node = { argv: [process.execPath, empty] };
	return [
		atMost(
			"`holdfast --version`",
			"empty program",
			1.5,
			await compare({ argv: [HOLDFAST, "--version"] }, node, 21),
		),
		atMost(
			"`holdfast list --json`, tar",
			"empty program",
			2,
			await compare({ ...here, argv: [HOLDFAST, "list", "--json"] }, node, 21),
		),
	];
}
