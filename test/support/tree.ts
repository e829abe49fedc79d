// A folder as a list of facts, so that two can be compared; and a folder with awkward files of every kind.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
	linkSync,
	lstatSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	symlinkSync,
	truncateSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";

export const isRoot = process.getuid?.() === 0;

/** One line for each entry below a folder, including itself: everything that a restore has to bring back. */
export function factsOf(folder: string): string[] {
	const links = new Map<number, string>();
	const facts: string[] = [];
	const visit = (path: string) => {
		const name = relative(folder, path) || ".";
		const stat = lstatSync(path);
		// A socket is created again by the program that listens on it; no engine stores one.
		if (stat.isSocket()) return;
		const first = stat.nlink > 1 && !stat.isDirectory() ? (links.get(stat.ino) ?? name) : name;
		links.set(stat.ino, first);
		facts.push(
			[
				JSON.stringify(name),
				stat.mode.toString(8),
				`${stat.uid}:${stat.gid}`,
				stat.isDirectory() ? "" : stat.size,
				stat.isFile() ? Math.floor(stat.mtimeMs) : "",
				stat.isFile() ? createHash("sha256").update(readFileSync(path)).digest("hex").slice(0, 12) : "",
				stat.isSymbolicLink() ? readlinkSync(path) : "",
				first === name ? "" : `same as ${first}`,
				stat.isCharacterDevice() ? stat.rdev : "",
			].join(" "),
		);
		if (stat.isDirectory()) for (const child of readdirSync(path).sort()) visit(join(path, child));
	};
	visit(folder);
	return facts;
}

/** Extended attributes and ACLs of everything below a folder, except sockets. */
export function attributesOf(folder: string): string {
	const run = (program: string, ...args: string[]) =>
		execFileSync(program, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
	const all = `${run("getfattr", "-R", "-h", "-d", "-m", "^user\\.", ".")}\n${run("getfacl", "-R", "-P", "-n", ".")}`;
	return all
		.split("\n\n")
		.filter((entry) => !entry.startsWith("# file: socket\n"))
		.sort()
		.join("\n\n");
}

/** Names that have broken backup scripts. */
export const AWKWARD_NAMES = [
	"with space",
	"quote'\"`$HOME",
	"line\nbreak",
	"colon:name",
	"ünïcode-日本",
	"-leading-dash",
	"star*and?[x]",
	"back\\slash",
	"{brace}",
	" ",
	"~",
];

/** Fill a folder with awkward names and every kind of file. */
export function fillAwkward(folder: string): void {
	mkdirSync(folder, { recursive: true });
	for (const name of AWKWARD_NAMES) {
		mkdirSync(join(folder, "names", name), { recursive: true });
		writeFileSync(join(folder, "names", name, `${name}.txt`), `content of ${name}`);
	}
	writeFileSync(join(folder, "empty"), "");
	mkdirSync(join(folder, "empty folder"), { mode: 0o750 });
	writeFileSync(join(folder, "sparse"), "start");
	truncateSync(join(folder, "sparse"), 64 * 1024 * 1024);
	writeFileSync(join(folder, "one"), "linked");
	linkSync(join(folder, "one"), join(folder, "two"));
	writeFileSync(join(folder, "secret"), "x", { mode: 0o600 });
	utimesSync(join(folder, "secret"), 1_000_000_000, 1_000_000_000);
	symlinkSync("/etc/passwd", join(folder, "out of the folder"));
	symlinkSync("nowhere", join(folder, "dangling"));
	symlinkSync("names", join(folder, "folder link"));
	execFileSync("mkfifo", [join(folder, "fifo")]);
	execFileSync("setfattr", ["-n", "user.note", "-v", "kept", join(folder, "one")]);
	execFileSync("setfacl", ["-m", "u:65534:r", join(folder, "secret")]);
	if (isRoot) {
		execFileSync("mknod", [join(folder, "device"), "c", "1", "3"]);
		execFileSync("chown", ["65534:65534", join(folder, "names", "with space")]);
		execFileSync("chmod", ["u+s", join(folder, "empty")]);
	}
	leaveSocket(join(folder, "socket"));
}

/** A socket whose program has died without removing it. */
function leaveSocket(path: string): void {
	spawnSync(process.execPath, [
		"-e",
		"require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))",
		path,
	]);
}
