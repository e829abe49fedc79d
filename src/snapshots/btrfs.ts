// btrfs: a read-only snapshot of the subvolume that a folder lies in. It does not contain the subvolumes within that one
// (btrfs-subvolume(8)).
import { lstatSync } from "node:fs";
import { dirname } from "node:path";
import { isSubvolume, subvolumesIn } from "../host/btrfs.ts";
import { execOk } from "../host/exec.ts";
import { entryIn, openFolder } from "../host/folder.ts";
import type { SnapshotKind } from "./snapshot.ts";

export const btrfs: SnapshotKind = {
	type: "btrfs",
	fileSystems: ["btrfs"],
	label: "btrfs",
	program: { names: ["btrfs"], debianPackage: "btrfs-progs", nixPackage: "btrfs-progs" },
	volumeOf(path) {
		for (let at = path; ; at = dirname(at)) {
			if (isSubvolume(at, lstatSync(at))) return at;
			if (at === "/") return undefined;
		}
	},
	nestedIn: subvolumesIn,
	async take(volume, area, name, { signal }) {
		// Other users may change the way to a volume within another one.
		using from = openFolder(volume);
		const self = `/proc/${process.pid}/fd/${from.fd}`;
		await execOk(["btrfs", "subvolume", "snapshot", "-r", "--", self, name], {
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
