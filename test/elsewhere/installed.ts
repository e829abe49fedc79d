// A server finds its other programs and its files from where it is itself: what was unpacked gets a tree in which each
// program is started with the libraries that came with it, at the place where its package has it.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Returns the tree's folder, below `into`, which the server's user can pass through: the project's folder may be root's alone.
 * @param programs folders of programs, such as `usr/bin`
 * @param files folders of other files, such as `usr/share`
 */
export function installed(
	unpacked: string,
	into: string,
	programs: readonly string[],
	files: readonly string[],
): string {
	mkdirSync(into, { recursive: true });
	const [own, tree] = [join(into, "unpacked"), join(into, "installed")];
	const copy = (...how: string[]) =>
		spawnSync("cp", [...how, "-a", unpacked, own], { stdio: "ignore" }).status === 0;
	// Between two file systems there are no further names.
	if (!copy("--link")) {
		rmSync(own, { recursive: true, force: true });
		if (!copy()) throw new Error(`${unpacked} cannot be copied to ${own}`);
	}
	for (const folder of programs) {
		mkdirSync(join(tree, folder), { recursive: true });
		for (const name of readdirSync(join(own, folder))) {
			const program = join(own, folder, name);
			if (!existsSync(program) || !statSync(program).isFile()) continue;
			writeFileSync(join(tree, folder, name), starter(own, program), { mode: 0o755 });
		}
	}
	for (const folder of files) {
		mkdirSync(dirname(join(tree, folder)), { recursive: true });
		symlinkSync(join(own, folder), join(tree, folder));
	}
	return tree;
}

/** The program takes itself to be this file. */
function starter(unpacked: string, program: string): string {
	const libraries = join(unpacked, "usr/lib/x86_64-linux-gnu");
	return `#!/bin/sh
case $(head -c 2 '${program}') in '#!') exec '${program}' "$@" ;; esac
exec '${libraries}/ld-linux-x86-64.so.2' --argv0 "$0" --library-path '${libraries}' '${program}' "$@"
`;
}
