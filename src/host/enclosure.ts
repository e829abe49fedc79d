// A mount namespace of our own, in which folders that others can change follow no link at all: the kernel refuses every
// path through one there (mount(8), nosymfollow, since Linux 5.10). What a program does in it, whichever it is, stays in
// the folders that it was given. Nothing of it is seen outside, and it is gone with the last process in it.

import { type ChildProcess, spawn } from "node:child_process";
import { wordsOf } from "../values/system-error.ts";
import type { Folder } from "./folder.ts";
import { type Mount, mountsOf } from "./mounts.ts";

export interface Enclosure extends AsyncDisposable {
	/** A command's words, so that it runs in here; `cwd` is a path as it is in here. */
	within(argv: readonly string[], cwd: string): string[];
}

/** A folder that follows no links in here, with what is mounted below it. */
export interface Closed {
	/** By its path, of which nobody else can replace any part; or an open folder, one at most. */
	readonly folder: string | Folder;
	/** Where it is in here: a folder that is there, and of whose path the same is true. Its own path when left out. */
	readonly at?: string;
}

/** Of the kernel's own, which hold nobody's files. */
const NO_FILES = new Set(
	"autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts fusectl mqueue nsfs proc pstore rpc_pipefs securityfs sysfs tracefs".split(
		" ",
	),
);

/**
 * Its arguments, four for each mount: how it is bound, from where, to where, its options. It lives until its input ends.
 * Paths are taken as they are: mount(8) would follow links in them itself.
 */
const HOLDER = `
while [ $# -gt 0 ]; do
	case $1 in
	only) mount --no-canonicalize -o "remount,bind,$4" "$3" 2>/dev/null || : ;;
	none) mount --no-canonicalize -o "remount,bind,$4" "$3" || exit ;;
	*) mount --no-canonicalize "--$1" "$2" "$3" && mount --no-canonicalize -o "remount,bind,$4" "$3" || exit ;;
	esac
	shift 4
done
cd /
echo ready
exec cat`;
const NO_LINKS = "nosymfollow";
const KEPT_OPTIONS = new Set(["ro", "nosuid", "nodev", "noexec", "noatime", "nodiratime", "relatime"]);

/**
 * An enclosure, or why there can be none, as in a container that may not mount. For somebody who is not root it has a user
 * namespace as well, in which nobody else's files are known by their owners: good for writing, not for backups.
 */
export async function enclose(
	closed: readonly Closed[],
	{ restReadOnly = false } = {},
): Promise<Enclosure | { readonly why: string }> {
	const isRoot = process.getuid?.() === 0;
	// A descriptor belongs to the namespace that it was opened in; only where a process stands comes along to a new one.
	const stand = closed.map(({ folder }) => folder).find((folder) => typeof folder !== "string");
	const binds = closed.flatMap(({ folder, at }) =>
		typeof folder === "string"
			? bindTree(folder, at ?? folder)
			: [{ how: "bind", from: ".", to: at ?? folder.path, options: [] }],
	);
	const rest = restReadOnly ? mountsOf("self").filter(isWritable) : [];
	const words = [
		...rest.flatMap((mount) => ["only", "", mount.path, [...optionsOf(mount), "ro"].join(",")]),
		...binds.flatMap(({ how, from, to, options }) => {
			// A bind has the options of what it was made from, and mount(8) leaves those that it is not told of.
			const access = options.includes("ro") ? [] : ["rw"];
			return [how, from, to, [...access, ...options, NO_LINKS].join(",")];
		}),
	];
	const asUser = isRoot ? [] : ["--user", "--map-current-user", "--keep-caps"];
	const unshare = ["unshare", ...asUser, "--mount", "--propagation", "private", "--"];
	const holder = spawn(
		"setpriv",
		["--pdeathsig", "KILL", "--", ...unshare, "sh", "-c", HOLDER, "holdfast-enclosure", ...words],
		{
			cwd: stand?.self ?? "/",
			env: { PATH: process.env.PATH ?? "" },
			detached: true,
			stdio: "pipe",
		},
	);
	const ended = new Promise<void>((resolve) => holder.once("close", () => resolve()));
	const close = async () => {
		holder.stdin?.end();
		await ended;
	};
	const why = await ready(holder);
	if (why !== undefined || holder.pid === undefined) return { why: why ?? "it did not start" };
	const namespaces = `/proc/${holder.pid}/ns`;
	const enter = [
		`--mount=${namespaces}/mnt`,
		...(isRoot ? [] : [`--user=${namespaces}/user`, "--preserve-credentials"]),
	];
	const inside = mountsOf(holder.pid);
	const given = (path: string) => binds.some(({ to }) => path === to || path.startsWith(`${to}/`));
	const writable = restReadOnly
		? inside.find((mount) => isWritable(mount) && !given(mount.path) && isSeen(mount, inside))
		: undefined;
	if (writable !== undefined) {
		await close();
		return { why: `${writable.path} cannot be made read-only` };
	}
	const open = binds.find(
		({ to }) => !inside.findLast(({ path }) => path === to)?.options.includes(NO_LINKS),
	);
	if (open !== undefined) {
		await close();
		return {
			why: `${open.to} still follows links: that takes Linux 5.10 and util-linux 2.38, or later ones`,
		};
	}
	return {
		within: (argv, cwd) => ["nsenter", ...enter, "--", "env", `--chdir=${cwd}`, "--", ...argv],
		[Symbol.asyncDispose]: close,
	};
}

const isWritable = ({ options, type }: Mount) => !options.includes("ro") && !NO_FILES.has(type);

/** Whether a path leads to it: no other mount lies over it, or over the way to it. */
function isSeen(mount: Mount, all: readonly Mount[]): boolean {
	const { id, parent, path } = mount;
	const covered = all.some(
		(other) =>
			(other.parent === id && other.path === path) ||
			(other.parent === parent && other.id !== id && path.startsWith(`${other.path}/`)),
	);
	const below = all.find((other) => other.id === parent);
	return !covered && (below === undefined || below === mount || isSeen(below, all));
}

/** As `enclose`, for root; where there can be none, that is said, and what is done is done without. */
export async function closeOff(
	closed: readonly (Closed | string)[],
	log: (line: string) => void,
): Promise<Enclosure | undefined> {
	if (process.getuid?.() !== 0) return undefined;
	return closeOffForAll(closed, log);
}

/** The same for anyone. */
export async function closeOffForAll(
	closed: readonly (Closed | string)[],
	log: (line: string) => void,
): Promise<Enclosure | undefined> {
	if (closed.length === 0) return undefined;
	const enclosure = await enclose(closed.map((one) => (typeof one === "string" ? { folder: one } : one)));
	if (!("why" in enclosure)) return enclosure;
	log(`links are not kept from leading out of folders that others can change: ${enclosure.why}`);
	return undefined;
}

interface Bind {
	/** `none`: it came along with what is mounted above it. */
	readonly how: string;
	readonly from: string;
	readonly to: string;
	readonly options: readonly string[];
}

function bindTree(folder: string, to: string): Bind[] {
	const mounts = mountsOf("self");
	const prefix = folder === "/" ? "/" : `${folder}/`;
	const own = mounts
		.filter(({ path }) => path === folder || path === "/" || folder.startsWith(`${path}/`))
		.sort((a, b) => a.path.length - b.path.length)
		.at(-1);
	return [
		{ how: "rbind", from: folder, to, options: optionsOf(own) },
		...mounts
			.filter(({ path }) => path.startsWith(prefix))
			.map((mount) => ({
				how: "none",
				from: "",
				to: to + mount.path.slice(folder.length),
				options: optionsOf(mount),
			})),
	];
}

/** A remount sets all of them. */
function optionsOf(mount: Mount | undefined): string[] {
	return (mount?.options ?? []).filter((option) => KEPT_OPTIONS.has(option));
}

/** Why it could not be made ready; undefined once it is. */
function ready(holder: ChildProcess): Promise<string | undefined> {
	let said = "";
	return new Promise((resolve) => {
		holder.stdin?.on("error", () => {});
		holder.on("error", (error) => resolve(wordsOf(error)));
		holder.stderr?.on("data", (chunk: Buffer) => {
			said = (said + chunk).slice(-1000);
		});
		holder.stdout?.once("data", () => resolve(undefined));
		holder.on("close", (code) => resolve(said.trim() || `it ended with exit code ${code}`));
	});
}
