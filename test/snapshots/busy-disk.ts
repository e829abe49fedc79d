// A disk of one kind of file system on which a writer keeps two folders in step at full speed.
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { after, before } from "node:test";
import { Place } from "../support/place.ts";
import { until } from "../support/servers.ts";

export interface Kind {
	readonly type: string;
	/** The command that creates the file system in the file that is its last argument. */
	readonly format: string;
	/** Commands that create and delete a volume at the end of this path, in another one. */
	create(path: string): string;
	remove(path: string): string;
	/** The names of all snapshots on a disk. */
	snapshotsOn(disk: string): readonly string[];
}

/** Writes 1, 2, 3 … to the first file and then to the second, each whole. */
export const WRITER = `
const { renameSync, writeFileSync } = require("node:fs");
const [, first, second] = process.argv;
const put = (file, count) => { writeFileSync(file + ".new", String(count)); renameSync(file + ".new", file); };
for (let count = 1; ; count++) { put(first, count); put(second, count); }`;

export type BusyDisk = ReturnType<typeof busyDisk>;

/** Mounted while the tests of the suite run that this is called in. */
export function busyDisk(kind: Kind, folder: string) {
	const place = new Place(folder);
	const disk = place.path("disk");
	const app = `${disk}/app`;
	let writer: ChildProcess;
	const run = (command: string) => execFileSync("sh", ["-ec", command]);
	const providers = () => ({
		tar: { destinations: { tar: { path: place.path("tar") } } },
		borgbackup: { destinations: { borg: { repo: place.path("borg"), encryption: "none" } } },
		restic: {
			destinations: {
				restic: { repo: place.path("restic"), passphraseFile: place.write("passphrase", "secret\n") },
			},
		},
		localbackup: { destinations: { local: { directory: place.path("local") } } },
	});
	const state = (snapshot: string, more: object = {}) => ({
		app: { folders: ["first", "between", "second"].map((name) => `${app}/${name}`), snapshot, ...more },
	});
	const succeeds = async (...words: string[]) => {
		const end = await place.holdfast(...words);
		assert.equal(end.code, 0, end.stdout + end.stderr);
		return end.stdout;
	};
	/** How far the first folder is ahead of the second one in an archive. */
	const ahead = async (destination: string) => {
		const into = place.path("into");
		await succeeds("restore", "--yes", "--into", into, destination, "latest");
		const count = (name: string) => {
			const file = `${into}${app}/${name}/count`;
			return existsSync(file) ? Number(readFileSync(file, "utf8")) : undefined;
		};
		const [first, second] = [count("first"), count("second")];
		rmSync(into, { recursive: true });
		return first === undefined || second === undefined ? "a file is missing" : first - second;
	};
	const leftovers = () => [
		...kind.snapshotsOn(disk).filter((name) => name.includes("holdfast")),
		...readdirSync(disk, { recursive: true }).filter((name) => String(name).includes(".holdfast-")),
	];
	before(async () => {
		mkdirSync(disk);
		execFileSync("truncate", ["-s", "600M", place.path("image")]);
		run(`${kind.format} ${place.path("image")}`);
		execFileSync("mount", ["-o", "loop", place.path("image"), disk]);
		run(kind.create(app));
		for (const name of ["first", "between", "second"]) mkdirSync(`${app}/${name}`);
		writeFileSync(`${app}/between/large`, randomBytes(40_000_000));
		writer = spawn(process.execPath, ["-e", WRITER, `${app}/first/count`, `${app}/second/count`]);
		await until(() => readdirSync(`${app}/second`).includes("count"));
	});
	after(() => {
		writer.kill("SIGKILL");
		execFileSync("umount", ["--lazy", disk]);
	});
	return {
		...{ place, disk, app, run, providers, state, succeeds, ahead, leftovers },
		endWriter: () => writer.kill("SIGKILL"),
	};
}
