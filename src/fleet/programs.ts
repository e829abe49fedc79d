// The programs that a machine needs and a deploy does not bring: those of its engines and databases.
import { definitionOf } from "../databases/dump.ts";
import { ENGINES } from "../engines/list.ts";
import { programsOf } from "../engines/programs.ts";
import { howToInstall, type Program } from "../host/programs.ts";
import type { Manifest } from "../manifest/schema.ts";
import { script, type Target } from "./target.ts";

const LOOK = `
cat /etc/os-release 2>/dev/null; echo
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
for name; do if command -v "$name" >/dev/null 2>&1; then echo "found $name"; fi; done
`;

/** A line for each missing program, with how to install it there. */
export async function missingOn(target: Target, manifest: Manifest): Promise<string[]> {
	const wanted = wantedBy(manifest);
	const said = await script(
		target,
		LOOK,
		wanted.flatMap(({ names }) => names),
	);
	const found = new Set([...said.matchAll(/^found (.*)$/gm)].map(([, name]) => name));
	return wanted
		.filter(({ names }) => !names.some((name) => found.has(name)))
		.map(
			({ names, debianPackage }) =>
				`! ${target.machine} has no ${names.join(" or ")}: ${howToInstall(debianPackage, said)}`,
		);
}

function wantedBy({ providers, state, borgServer }: Manifest): readonly Program[] {
	const all = [
		...Object.values(providers).flatMap(programsOf),
		...Object.values(state).flatMap(({ dumps = [] }) =>
			dumps.flatMap((dump) => definitionOf(dump).client ?? []),
		),
		...(borgServer ? ENGINES.filter(({ server }) => server).flatMap(({ programs }) => programs) : []),
	];
	return [...new Map(all.map((one) => [one.debianPackage, one])).values()];
}
