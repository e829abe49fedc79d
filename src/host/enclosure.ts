// A private mount namespace in which the kernel follows no links in folders that other users can change (mount(8),
// nosymfollow, since Linux 5.10). A program that runs in it cannot be led out of the folders that it was given. The mounts
// are not visible outside, and disappear with the last process in the namespace.

import { type ChildProcess, spawn } from "node:child_process";
import { HoldfastError } from "../values/error.ts";
import { wordsOf } from "../values/system-error.ts";
import type { Folder } from "./folder.ts";
import { type Mount, mountsOf } from "./mounts.ts";

export interface Enclosure extends AsyncDisposable {
	/** The arguments that run a command inside the enclosure; `cwd` is a path as seen there. */
	within(argv: readonly string[], cwd: string): string[];
}

/** A folder in which no links are followed, including the mounts below it. */
export interface Closed {
	/** A path of which no other user can replace any part, or an open folder. At most one open folder is possible. */
	readonly folder: string | Folder;
	/** Its path inside: an existing folder, whose path no other user can replace either. By default its own path. */
	readonly at?: string;
}

/** File systems of the kernel, which contain no user's files. */
const NO_FILES = new Set(
	"autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts fusectl mqueue nsfs proc pstore rpc_pipefs securityfs sysfs tracefs".split(
		" ",
	),
);

/**
 * Sets up the mounts, then waits until its input ends. It takes four arguments per mount: how it is bound, its source, its
 * target and its options. Paths are not canonicalized, because mount(8) would follow links in them.
 */
const HOLDER = `
while [ $# -gt 0 ]; do
	case $1 in
	only) mount --no-canonicalize -o "remount,bind,$4" "$3" 2>/dev/null || : ;;
	none) mount --no-canonicalize -o "remount,bind,$4" "$3" || exit ;;
	*) mount --no-canonicalize "--$1" -o "$4" "$2" "$3" || exit ;;
	esac
	shift 4
done
cd /
echo ready
exec cat`;
const NO_LINKS = "nosymfollow";
const KEPT_OPTIONS = new Set(["ro", "nosuid", "nodev", "noexec", "noatime", "nodiratime", "relatime"]);

/**
 * Create an enclosure, or say why it is not possible, as in a container that may not mount. For users other than root it
 * includes a user namespace, which hides the owners of other users' files: suitable for writing, not for backups.
 */
export async function enclose(
	closed: readonly Closed[],
	{ restReadOnly = false } = {},
): Promise<Enclosure | { readonly why: string }> {
	const isRoot = process.getuid?.() === 0;
	// A descriptor belongs to the namespace in which it was opened; only the working folder of a process moves to a new one.
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
			// A bind mount inherits the options of its source, and mount(8) keeps those that are not mentioned.
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
			why: `links are still followed in ${open.to}: Linux 5.10 and util-linux 2.38 or later are required`,
		};
	}
	return {
		within: (argv, cwd) => ["nsenter", ...enter, "--", "env", `--chdir=${cwd}`, "--", ...argv],
		[Symbol.asyncDispose]: close,
	};
}

const isWritable = ({ options, type }: Mount) => !options.includes("ro") && !NO_FILES.has(type);

/** Whether a mount can be reached by its path: no other mount covers it or a folder above it. */
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

/** As `enclose`, for root only. Undefined, and logged, if it is not possible: the caller continues without. */
export async function closeOff(
	closed: readonly (Closed | string)[],
	log: (line: string) => void,
): Promise<Enclosure | undefined> {
	if (process.getuid?.() !== 0) return undefined;
	return closeOffForAll(closed, log);
}

/** As `closeOff`, for any user. */
export async function closeOffForAll(
	closed: readonly (Closed | string)[],
	log: (line: string) => void,
): Promise<Enclosure | undefined> {
	if (closed.length === 0) return undefined;
	const all = closed.map((one) => (typeof one === "string" ? { folder: one } : one));
	const enclosure = await enclose(all);
	if (!("why" in enclosure)) return enclosure;
	const moved = all.findLast(
		({ folder, at }) => typeof folder === "string" && at !== undefined && at !== folder,
	);
	if (moved)
		throw new HoldfastError(
			"snapshot-failed",
			`the snapshot of ${moved.at} cannot be put in its place: ${enclosure.why}`,
			{
				subject: moved.at ?? "",
				hint: "to back it up without: snapshot: never, in its state",
			},
		);
	log(`cannot disable symbolic links in folders that other users can change: ${enclosure.why}`);
	return undefined;
}

interface Bind {
	/** `none`: already bound with the mount above it. */
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

/** The options to repeat: a remount sets all of them. */
function optionsOf(mount: Mount | undefined): string[] {
	return (mount?.options ?? []).filter((option) => KEPT_OPTIONS.has(option));
}

/** Resolves when the mounts are set up: undefined, or why that failed. */
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
