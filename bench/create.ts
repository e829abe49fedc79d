// `create` on borg with nothing changed, against plain `borg create` with the same options; memory on large files.
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compare, run } from "./measure.ts";
import { HOLDFAST, place } from "./place.ts";
import { atMost, type Row } from "./row.ts";

const FILES = 70_000;
const PAIRS = 7;

export async function createBench(scratch: string): Promise<Row[]> {
	const data = join(scratch, "data");
	makeFiles(data, FILES);
	const repo = join(scratch, "repo");
	const here = place(scratch, [data], {
		borg: { type: "borgbackup", destinations: { here: { repo, encryption: "none" } } },
	});
	await run({ ...here, argv: [HOLDFAST, "create", "--quiet"] });

	const plainRepo = join(scratch, "plain");
	const borg = { ...here, env: { ...here.env, BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: "yes" } };
	await run({ ...borg, argv: ["borg", "init", "-e", "none", plainRepo] });
	const plain = ["borg", "create", "--log-json", "--json", "--progress", "--compression=auto,zstd"];
	const row = atMost(
		`\`create\` on borg, ${FILES} files, nothing changed`,
		"`borg create`",
		1.05,
		await compare(
			{ ...here, argv: [HOLDFAST, "create", "--quiet"] },
			{ ...borg, cwd: "/", argv: [...plain, `${plainRepo}::{now:%s%f}`, data.slice(1)] },
			PAIRS,
		),
	);

	const large = join(scratch, "large");
	mkdirSync(large);
	for (let file = 0; file < 20; file++) writeFileSync(join(large, String(file)), randomBytes(100_000_000));
	const tar = place(scratch, [large], {
		disk: { type: "tar", destinations: { here: { path: join(scratch, "tars") } } },
	});
	const memory = await compare(
		{ ...tar, argv: [HOLDFAST, "create", "--quiet"] },
		{
			cwd: "/",
			argv: [
				"sh",
				"-c",
				'tar -c "$1" | zstd -q -3 -T1 >"$2"; sync "$2"; rm "$2"',
				"sh",
				large.slice(1),
				join(scratch, "plain.zst"),
			],
		},
		3,
		0,
	);
	return [row, atMost("`create` on tar, 2 GB that do not compress", "`tar \\| zstd`, synced", 2, memory)];
}

/** Small files in folders of 100, like a mail store. */
export function makeFiles(folder: string, count: number): void {
	for (let file = 0; file < count; file++) {
		const below = join(folder, String(Math.floor(file / 100)));
		if (file % 100 === 0) mkdirSync(below, { recursive: true });
		writeFileSync(join(below, String(file)), `file ${file}\n`.repeat(1 + (file % 1000)));
	}
}
