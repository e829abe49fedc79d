// Generated archives for each engine: with links, hard links, odd paths, devices and owners, they write only into
// their folder. borg makes one from any tar file; a snapshot of localbackup is a tree that anyone with the disk can
// change; restic is given such a tree as its source, since its storage is sealed.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
	chmodSync,
	chownSync,
	existsSync,
	linkSync,
	lstatSync,
	mkdirSync,
	readdirSync,
	realpathSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { into } from "../../src/engines/into.ts";
import { openFolder } from "../../src/host/folder.ts";
import type { Whole } from "../engines/engines.ts";
import { openBorg, openLocalbackup, openTar, repoOf, restic } from "../engines/engines.ts";
import { metadataOf as ours, quiet } from "../engines/fixtures.ts";
import { onlyRoot, place } from "./extracted.ts";
import { guarded, type Member, metadataOf, tarOf, writeTarArchive } from "./hostile.ts";

/** The long tier generates ten thousand. */
const ROUNDS = Number(process.env.HOLDFAST_ROUNDS) || 60;

/** Names that often collide, and ways out of the folder. */
const step = fc.constantFrom("x", "y", "z");
const inside = fc.array(step, { minLength: 1, maxLength: 4 }).map((steps) => steps.join("/"));
const member = (outside: string): fc.Arbitrary<Member> => {
	const out = fc.constantFrom(
		outside,
		join(outside, "inner"),
		join(outside, "secret"),
		"../outside",
		"../../outside",
		"../../../outside/inner",
		"..",
		".",
		"x",
		"../x/y",
		"/",
	);
	const name = fc.oneof(
		{ weight: 6, arbitrary: inside.map((path) => `r/${path}`) },
		{ weight: 1, arbitrary: inside.map((path) => `r/${path}/../../../outside/planted`) },
		{
			weight: 1,
			arbitrary: fc.constantFrom(
				"r",
				`${outside}/planted`,
				"../outside/planted",
				"r/../../outside/planted",
				"r/x/",
				"./r/x",
			),
		},
	);
	return fc.record({
		name,
		type: fc.constantFrom("file", "file", "folder", "symlink", "symlink", "hardlink", "fifo", "character"),
		target: out,
		content: fc.constantFrom("planted", ""),
		mode: fc.constantFrom(0o644, 0o4755, 0o777, 0),
		uid: fc.constantFrom(0, 65534),
	});
};

test("tar: archives of anything write into their folder alone", onlyRoot, async () => {
	const { folder, outside, target, before } = place();
	const destination = join(folder, "destination");
	const roots = fc.uniqueArray(fc.constantFrom("/r", "/r/x", "/r/x/y", "/r/y/z", "/r/z"), {
		minLength: 1,
		maxLength: 4,
	});
	let extracted = 0;
	await fc.assert(
		fc.asyncProperty(
			roots,
			fc.array(fc.array(member(outside), { maxLength: 8 }), { minLength: 4, maxLength: 4 }),
			async (paths, all) => {
				rmSync(destination, { recursive: true, force: true });
				for (const name of readdirSync(target)) rmSync(join(target, name), { recursive: true, force: true });
				const segments = paths.map((path, index) => ({ path, members: all[index] ?? [] }));
				writeTarArchive(destination, "evil", { segments, metadata: metadataOf({ folders: paths }) });
				// There are thousands of them.
				using open = openFolder(target);
				for (const path of paths)
					await openTar(folder)
						.restore("evil", [path], into(open, quiet.log), quiet)
						.then(
							() => extracted++,
							() => {},
						);
				assert.equal(guarded(outside), before);
				assert.deepEqual(readdirSync(folder).sort(), ["destination", "into", "outside"]);
			},
		),
		{ numRuns: ROUNDS },
	);
	assert.ok(extracted > 0, "none of them was extracted");
});

/** Those that a file system can hold, created below a folder; one that conflicts with another is left out. */
function grow(folder: string, members: readonly Member[]): void {
	for (const { name, type, target = "", content = "", mode = 0o644, uid = 0 } of members) {
		if (!name.startsWith("r/") || name.endsWith("/") || name.includes("..")) continue;
		const path = join(folder, name);
		try {
			// Not through a link of an earlier member: that would lead out of the folder already here.
			let above = dirname(path);
			while (!existsSync(above)) above = dirname(above);
			if (realpathSync(above) !== above) continue;
			mkdirSync(dirname(path), { recursive: true });
			if (type === "folder") mkdirSync(path);
			else if (type === "symlink") symlinkSync(target, path);
			else if (type === "hardlink") linkSync(join(folder, "r/x"), path);
			else if (type === "file") writeFileSync(path, content, { flag: "wx" });
			else execFileSync("mknod", [path, ...(type === "fifo" ? ["p"] : ["c", "1", "3"])], { stdio: "ignore" });
			// A hard link to a link is that link as well, and both calls would follow it, as far as to the root folder.
			if (lstatSync(path).isSymbolicLink()) continue;
			chmodSync(path, mode);
			chownSync(path, uid, uid);
		} catch {
			// It already exists, or its parent is not a folder.
		}
	}
}

interface Attempt {
	readonly folder: string;
	readonly members: readonly Member[];
}

/** An archive `evil` of these members, and the paths to request from it. */
const ENGINES: Readonly<
	Record<string, { readonly rounds: number; make(attempt: Attempt): Promise<[Whole, string]> }>
> = {
	borgbackup: {
		rounds: Math.max(4, Math.ceil(ROUNDS / 40)),
		async make({ folder, members }) {
			const repo = repoOf(folder);
			const env = { ...process.env, BORG_PASSPHRASE: "correct horse", BORG_SELFTEST: "disabled" };
			const file = join(folder, "evil.tar");
			writeFileSync(file, tarOf(members));
			for (const words of [
				["init", "--encryption=repokey", "--make-parent-dirs", repo],
				["import-tar", `${repo}::evil`, file],
			])
				spawnSync("borg", words, { env, stdio: "ignore" });
			return [openBorg(folder), ""];
		},
	},
	localbackup: {
		rounds: Math.max(8, Math.ceil(ROUNDS / 10)),
		async make({ folder, members }) {
			const source = join(folder, "source");
			mkdirSync(join(source, "r"), { recursive: true });
			const destination = openLocalbackup(folder);
			const roots = [{ path: join(source, "r"), exclude: [] }];
			await destination.create({ name: "evil", roots, metadata: ours("evil") }, true, quiet);
			grow(join(folder, "on the disk/snapshot.0/web01", source), members);
			return [destination, source];
		},
	},
	restic: {
		rounds: Math.max(6, Math.ceil(ROUNDS / 40)),
		async make({ folder, members }) {
			const source = join(folder, "source");
			mkdirSync(join(source, "r"), { recursive: true });
			grow(source, members);
			const destination = restic.open(folder);
			const roots = [{ path: join(source, "r"), exclude: [] }];
			await destination.create({ name: "evil", roots, metadata: ours("evil") }, true, quiet);
			return [destination, source];
		},
	},
};

const PLAIN = { name: "r/x", type: "file", target: "x", content: "planted", mode: 0o644, uid: 0 } as const;

for (const [engine, { rounds, make }] of Object.entries(ENGINES))
	test(`${engine}: archives of anything write into their folder alone`, onlyRoot, async () => {
		let extracted = 0;
		const asked = fc.uniqueArray(fc.constantFrom("/r", "/r/x", "/r/x/y", "/r/y/z", "/r/z"), {
			minLength: 1,
			maxLength: 3,
		});
		await fc.assert(
			fc.asyncProperty(
				asked,
				fc.array(member("OUTSIDE"), { minLength: 1, maxLength: 12 }),
				async (paths, some) => {
					const { folder, outside, target, before } = place();
					const members = some.map((one) => ({
						...one,
						name: one.name.replace("OUTSIDE", outside),
						...(one.target === undefined ? {} : { target: one.target.replace("OUTSIDE", outside) }),
					}));
					const [destination, source] = await make({ folder, members });
					using open = openFolder(target);
					for (const path of paths)
						await destination.restore("evil", [source + path], into(open, quiet.log), quiet).then(
							() => extracted++,
							() => {},
						);
					assert.equal(guarded(outside), before);
					rmSync(folder, { recursive: true, force: true });
				},
			),
			// With so few, it may happen that nothing can be extracted from any of them.
			{ numRuns: rounds, examples: [[["/r"], [PLAIN]]] },
		);
		assert.ok(extracted > 0, "none of them was extracted");
	});
