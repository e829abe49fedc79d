// Files that a disk has lost, whatever their names: engines report them in lines that begin with the name, and a
// service may choose names that look like another message. A state that lacks a file is never called good.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
	closeSync,
	copyFileSync,
	mkdirSync,
	openSync,
	readSync,
	statSync,
	writeFileSync,
	writeSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { FAULT_NAMES } from "../security/fault-names.ts";
import { scratch } from "../support/scratch.ts";
import { isRoot } from "../support/tree.ts";
import { ENGINES, setUpEngines } from "./engines.ts";
import { metadataOf, quiet } from "./fixtures.ts";

const folder = scratch("unreadable");
setUpEngines(folder);

const NAMES = [
	"plain",
	"in two\nlines",
	"x: [Errno 2] No such file or directory",
	"x: open: [Errno 2] No such file or directory: 'x'",
	'x": No such file or directory (2)',
	"no such file or directory",
	"x: socket ignored",
	"x: file changed as we read it",
	"File removed before we read it",
	'file has vanished: "x"',
	"back\\slash\\012",
	"é \u202e",
	// Of a name with quotes or an error number, only the part before these is named.
	...FAULT_NAMES.filter((name) => !/[/"]|\[Errno/.test(name)),
];

/** A byte of each inode is flipped: the file system detects this by its checksums. */
function lose(image: string, inodes: readonly number[]): void {
	const fd = openSync(image, "r+");
	for (const inode of inodes) {
		const said = execFileSync("debugfs", ["-R", `imap <${inode}>`, image], {
			encoding: "utf8",
			stdio: ["ignore", "pipe", "ignore"],
		});
		const [, block, offset] = /located at block (\d+), offset (0x[0-9a-f]+)/.exec(said) ?? [];
		// The position of a file's modification time.
		const at = Number(block) * 4096 + Number(offset) + 12;
		const byte = Buffer.alloc(1);
		readSync(fd, byte, 0, 1, at);
		writeSync(fd, Buffer.of((byte[0] ?? 0) ^ 0xff), 0, 1, at);
	}
	closeSync(fd);
}

describe("files that cannot be read", { skip: isRoot ? false : "only root can mount a disk" }, () => {
	for (const engine of ENGINES)
		test(engine.name, async () => {
			const at = join(folder, engine.name);
			const image = `${at}.img`;
			const disk = join(at, "disk");
			mkdirSync(disk, { recursive: true });
			execFileSync("truncate", ["-s", "16M", image]);
			execFileSync("mkfs.ext4", ["-q", "-b", "4096", "-O", "metadata_csum,^has_journal", image]);
			execFileSync("mount", ["-o", "loop", image, disk]);
			const inodes = NAMES.map((name) => {
				const lost = join(disk, name);
				writeFileSync(lost, "lost");
				return statSync(lost).ino;
			});
			writeFileSync(join(disk, "good"), "good");
			execFileSync("sync", ["-f", disk]);
			execFileSync("umount", [disk]);
			// A different file: the kernel keeps the first one while any namespace has it mounted.
			const damaged = `${at} damaged.img`;
			copyFileSync(image, damaged);
			lose(damaged, inodes);
			execFileSync("mount", ["-o", "loop", damaged, disk]);
			try {
				const destination = engine.open(join(at, "repository"));
				const roots = [{ path: disk, exclude: [] }];
				const request = { name: "a", roots, metadata: metadataOf("a") };
				const { unreadable, unsteady } = await destination.create(request, true, quiet);
				assert.deepEqual(unsteady, []);
				const paths = new Set(unreadable.map(({ path }) => path));
				// One of the two may be named only in part, which is acceptable.
				assert.ok(paths.size >= NAMES.length - 1, JSON.stringify(unreadable));
				for (const path of paths) assert.ok(path.startsWith(`${disk}/`), path);
				for (const { reason } of unreadable) assert.match(reason, /bad message|error 74/i);
			} finally {
				execFileSync("umount", [disk]);
			}
		});
});
