// btrfs: a read-only snapshot of the subvolume that a folder lies in. It does not contain the subvolumes within that one
// (btrfs-subvolume(8)).
import { lstatSync } from "node:fs";
import { dirname } from "node:path";
import { isSubvolume, subvolumesBelow } from "../host/btrfs.ts";
import { execOk, execText } from "../host/exec.ts";
import { entryIn } from "../host/folder.ts";
import type { SnapshotKind } from "./snapshot.ts";

export const btrfs: SnapshotKind = {
	type: "btrfs",
	label: "btrfs",
	program: { names: ["btrfs"], debianPackage: "btrfs-progs", nixPackage: "btrfs-progs" },
	volumeOf(path) {
		for (let at = path; ; at = dirname(at)) {
			if (isSubvolume(at, lstatSync(at))) return at;
			if (at === "/") return undefined;
		}
	},
	async obstacleIn(path, signal) {
		const [first, ...more] = (await subvolumesBelow(path, signal)).filter((one) => one !== path);
		if (first === undefined) return undefined;
		return more.length === 0
			? `it contains the subvolume ${first}`
			: `it contains ${more.length + 1} subvolumes, such as ${first}`;
	},
	async holeIn(path, signal) {
		// The inode of a folder in place of a subvolume (btrfs: BTRFS_EMPTY_SUBVOL_DIR_OBJECTID).
		const { text } = await execText(["find", path, "-xdev", "-type", "d", "-inum", "2", "-print0", "-quit"], {
			signal,
		});
		return text.split("\0")[0] || undefined;
	},
	async take(volume, area, name, signal) {
		await execOk(["btrfs", "subvolume", "snapshot", "-r", "--", volume, name], {
			...{ cwd: area.self, signal, doing: `take a snapshot of ${volume}`, timeoutSeconds: 300 },
		});
	},
	async remove(area, name) {
		if (entryIn(area, name) === undefined) return;
		await execOk(["btrfs", "subvolume", "delete", "--", name], {
			...{ cwd: area.self, doing: `delete the snapshot ${area.path}/${name}`, timeoutSeconds: 300 },
		});
	},
};
