// For file systems without snapshots: a copy of a small folder or file, made while the units that write there are down, so that they
// can start before an engine reads. Where the file system can, the copy shares the blocks of the files (`cp --reflink`, XFS and btrfs).
import { mkdirSync, statfsSync } from "node:fs";
import { basename, dirname } from "node:path";
import { enclose } from "../host/enclosure.ts";
import { exec, execOk } from "../host/exec.ts";
import { type Folder, openFolder, statsAt } from "../host/folder.ts";
import { COPY, type SnapshotKind } from "./snapshot.ts";

/** Where blocks are shared, the number of files tells how long it takes: about 10,000 a second. */
const SHARES_BLOCKS = ["xfs", "btrfs"];
const WITH_BLOCKS_SHARED = {
	files: 10_000,
	// Engines recognise an unchanged file by its inode and ctime, which are new in a copy: they read all of it every time.
	bytes: 1024 ** 3,
	words: "10,000 files or 1 GiB",
};
/** A file may take up far fewer blocks than it has bytes to be copied, or for an engine to read. */
const COMPRESSES = ["btrfs", "zfs", "f2fs", "bcachefs"];
/** A slow disk writes this much, as small files, in a second: stopping a unit and starting it again takes about as long. */
const WITH_BYTES_COPIED = { files: 1_000, bytes: 16 * 1024 ** 2, words: "1,000 files or 16 MiB" };
/** The inode of the root of a subvolume (btrfs: BTRFS_FIRST_FREE_OBJECTID). */
const SUBVOLUME = "256";

const SOURCE = ".source";

export const copy: SnapshotKind = {
	type: COPY,
	fileSystems: [...SHARES_BLOCKS, "ext2", "ext3", "ext4", "f2fs", "zfs", "bcachefs"],
	label: "copy",
	program: { names: ["cp"], debianPackage: "coreutils", nixPackage: "coreutils" },
	volumeOf: (path) => path,
	nestedIn: async () => [],
	async requireRoom(folder, fileSystem, signal) {
		await requireSmall(folder, fileSystem, signal);
	},
	async take(folder, area, name, { signal, fileSystem }) {
		const bytes = await requireSmall(folder, fileSystem, signal);
		using from = lookedAt(folder);
		const { bavail, bsize } = statfsSync(area.self);
		// What is overwritten in the folder meanwhile needs room, even where the copy itself takes up none.
		if (bavail * bsize < bytes) throw new Error(`there is no room for a copy of ${folder} beside it`);
		mkdirSync(area.at(SOURCE), { mode: 0o700 });
		// Other users may put a link in place of a folder while it is copied. Nobody but us can change the area.
		const inside = await enclose([{ folder: from.around, at: `${area.path}/${SOURCE}` }]);
		if ("why" in inside) throw new Error(`links in ${folder} might be followed: ${inside.why}`);
		await using enclosure = inside;
		const shared = SHARES_BLOCKS.includes(fileSystem) ? "always" : "auto";
		const how = ["--archive", "--one-file-system", `--reflink=${shared}`, "-T"];
		await execOk(["cp", ...how, "--", `${SOURCE}/${from.name}`, name], {
			...{ cwd: area.path, enclosure, signal, doing: `copy ${folder}` },
		});
	},
	/** It is deleted with the private folder around it. */
	remove: async () => {},
};

/** A folder, and the name of what is copied of it: all of it, or a file. Throws if there is a link on the way. */
function lookedAt(path: string): Disposable & { readonly around: Folder; readonly name: string } {
	const isFolder = statsAt(path).isDirectory();
	const around = openFolder(isFolder ? path : dirname(path));
	return { around, name: isFolder ? "." : basename(path), [Symbol.dispose]: () => around[Symbol.dispose]() };
}

/** Returns its bytes. Throws if it is too large, or not all of it would be copied. */
async function requireSmall(folder: string, fileSystem: string, signal: AbortSignal): Promise<number> {
	const { files, bytes, words } = SHARES_BLOCKS.includes(fileSystem) ? WITH_BLOCKS_SHARED : WITH_BYTES_COPIED;
	const found = { files: 0, bytes: 0 };
	let fault: Error | undefined;
	const enough = new AbortController();
	const either = AbortSignal.any([signal, enough.signal]);
	const onStdout = (line: string) => {
		const [type, inode, blocks, size, depth] = line.split(" ");
		found.files++;
		const logical = type === "f" && COMPRESSES.includes(fileSystem) ? Number(size) : 0;
		found.bytes += Math.max(Number(blocks) * 512, logical);
		if (found.files > files || found.bytes > bytes)
			fault = new Error(
				`${folder} is on ${fileSystem}, and holds more than ${words}: too much to be copied while its units are down`,
			);
		if (fileSystem === "btrfs" && type === "d" && inode === SUBVOLUME && depth !== "0")
			fault = new Error(`${folder} contains a subvolume, which is not copied`);
		if (fault) enough.abort();
	};
	using from = lookedAt(folder);
	const find = ["find", `./${from.name}`, "-xdev", "-printf", "%y %i %b %s %d\\n"];
	const end = await exec(find, { cwd: from.around.self, signal: either, onStdout });
	signal.throwIfAborted();
	if (fault) throw fault;
	if (end.code !== 0 && end.code !== 1) throw new Error(`what is in ${folder} could not be counted`);
	return found.bytes;
}
