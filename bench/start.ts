// Cold start, and the config of a large fleet, against an empty program on the same Node.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compare, run } from "./measure.ts";
import { HOLDFAST, place } from "./place.ts";
import { atMost, type Row, within } from "./row.ts";

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
	const fleet = join(scratch, "fleet.json");
	writeFileSync(fleet, JSON.stringify({ machines: machines(500, 20) }));
	const ofFleet = (...words: readonly string[]) => ({
		...here,
		argv: [HOLDFAST, ...words, "--config", fleet],
	});
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
		within(
			"`holdfast validate`, 500 machines with 20 states each",
			"empty program",
			1,
			await compare(ofFleet("validate"), node, 9),
		),
		within(
			"`holdfast create --dry-run` for one of these machines",
			"empty program",
			0.5,
			await compare(ofFleet("create", "m250", "--dry-run"), node, 9),
		),
	];
}

function machines(count: number, states: number) {
	const state = Object.fromEntries(
		Array.from({ length: states }, (_, index) => [
			`app${index}`,
			{
				folders: [`/srv/app${index}`],
				exclude: [`/srv/app${index}/cache`],
				dumps: [{ postgresql: `app${index}` }],
				stopOnRestore: [`app${index}.service`],
				healthChecks: [{ http: `http://127.0.0.1:${8000 + index}/` }],
			},
		]),
	);
	const providers = { disk: { type: "tar", destinations: { here: { path: "/var/backups" } } } };
	return Object.fromEntries(
		Array.from({ length: count }, (_, index) => [`m${index}`, { host: "localhost", state, providers }]),
	);
}
