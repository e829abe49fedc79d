// The facts about a machine before a deploy, and whether the deployment can work there.
import { join } from "node:path";
import { size } from "../report/text/units.ts";
import { HoldfastError } from "../values/error.ts";
import type { Desired } from "./deployment.ts";
import { type Layout, layoutOf } from "./layout.ts";
import { quoted } from "./quoted.ts";
import type { Content } from "./tar-stream.ts";
import { type Facts, factsOf, script, type Target } from "./target.ts";

export interface Place {
	readonly target: Target;
	readonly layout: Layout;
	readonly facts: Facts;
	/** Not root: install into the user's own folders and systemd manager. */
	readonly user: boolean;
}

export async function placeOf(target: Target): Promise<Place> {
	const root = layoutOf();
	const first = await factsOf(target, [root.arrivals, root.lib]);
	const user = first.uid !== 0;
	const layout = user ? layoutOf(first.home) : root;
	const facts = user ? await factsOf(target, [layout.arrivals, layout.lib]) : first;
	return { target, layout, facts, user };
}

/** `uname -m` for Node's names of architectures. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
	x64: "x86_64",
	arm64: "aarch64",
	ppc64: "ppc64le",
	s390x: "s390x",
	riscv64: "riscv64",
};

/** Refuse, with a reason, a machine on which the deployment could not work. */
export function requireFit({ target: { machine }, facts }: Place): void {
	const { os, arch, systemd, nixos } = facts;
	const own = ARCHITECTURES[process.arch] ?? process.arch;
	const fault =
		os !== "Linux"
			? { what: `runs ${os}`, hint: "Holdfast works on Linux" }
			: !systemd
				? { what: "does not run under systemd", hint: "a deploy sets up systemd timers and units" }
				: nixos
					? {
							what: "is NixOS, whose files come from its configuration",
							hint: "import the NixOS module instead",
						}
					: arch !== own
						? {
								what: `is ${arch}, but this machine is ${own}`,
								hint: `this machine's runtime is sent: deploy from another ${arch} machine, or install the package on ${machine} and run holdfast deploy there`,
							}
						: undefined;
	if (fault)
		throw new HoldfastError("machine-unfit", `${machine} ${fault.what}`, {
			subject: machine,
			hint: fault.hint,
		});
}

export function requireRoom({ target: { machine }, facts, layout }: Place, bytes: number): void {
	const [arrives = 0, stays = 0] = facts.room;
	for (const [room, folder] of [
		[arrives, layout.arrivals],
		[stays, layout.lib],
	] as const)
		if (room < bytes * 1.1)
			throw new HoldfastError(
				"disk-full",
				`not enough space on ${machine} in ${folder}: ${size(bytes)} needed, ${size(room)} free`,
				{ subject: machine, hint: `free some space there; see: df -h ${folder}` },
			);
}

/** The program that was sent, run by the runtime that was sent or already existed. */
export async function programOf(
	{ target }: Place,
	{ files }: Desired,
	contents: ReadonlyMap<string, Content>,
	folder: string,
): Promise<string[]> {
	const arrived = (path: string | undefined, index: number) =>
		contents.has(`file-${index}`) ? join(folder, `file-${index}`) : (path ?? "");
	const [runtime = "", bundle = ""] = files.slice(0, 2).map(({ path }, index) => arrived(path, index));
	const starts = await script(target, 'chmod u+x "$1" 2>/dev/null; "$1" --version 2>&1; true', [runtime]);
	if (!/^v\d+/.test(starts))
		throw new HoldfastError("machine-unfit", `the runtime does not start on ${target.machine}`, {
			subject: target.machine,
			details: starts.split("\n").slice(0, 5),
			hint: /Permission denied/i.test(starts)
				? `its filesystem may be mounted noexec; see: findmnt -T ${quoted(runtime)}`
				: "it needs glibc 2.28 or later and libstdc++ (Debian: libstdc++6)",
		});
	return startOf(runtime, bundle);
}

/** The words that start a program without the installed command. */
export function startOf(runtime: string, bundle: string): string[] {
	return ["env", `HOLDFAST_BUNDLE=${bundle}`, runtime, "--disable-warning=ExperimentalWarning", bundle];
}
