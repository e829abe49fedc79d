// Snapshots of btrfs.
import { execFileSync } from "node:child_process";
import { fulfilsContract } from "./contract.ts";

fulfilsContract({
	type: "btrfs",
	format: "mkfs.btrfs -q",
	create: (path) => `btrfs -q subvolume create ${path}`,
	remove: (path) => `btrfs -q subvolume delete ${path}`,
	snapshotsOn: (disk) =>
		execFileSync("btrfs", ["subvolume", "list", "-o", disk], { encoding: "utf8" }).split("\n"),
});
