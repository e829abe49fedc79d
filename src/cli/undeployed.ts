// A machine's timers work by the manifest that was deployed, whatever the config says by now: who asks is told so.
import { homedir } from "node:os";
import { isDeepStrictEqual } from "node:util";
import { layoutOf } from "../fleet/layout.ts";
import { readText } from "../host/read-file.ts";
import { withKeysOfToday } from "../manifest/old-keys.ts";
import type { Manifest } from "../manifest/schema.ts";

const MOST_BYTES = 16 * 1024 * 1024;

/** The manifest that was deployed for this machine here; undefined when none was. */
export function deployedHere({ machine }: Pick<Manifest, "machine">): unknown {
	const file = layoutOf(process.getuid?.() === 0 ? undefined : homedir()).manifest;
	try {
		const deployed = withKeysOfToday(JSON.parse(readText(file, { most: MOST_BYTES })));
		return (deployed as { machine?: unknown } | null)?.machine === machine ? deployed : undefined;
	} catch {
		return undefined;
	}
}

/** Why what the timers do is not what this manifest says, in words. */
export function undeployed(manifest: Manifest): string | undefined {
	const { host: _, ...own } = manifest;
	const deployed = deployedHere(own);
	if (deployed === undefined) return undefined;
	if (isDeepStrictEqual(deployed, JSON.parse(JSON.stringify(own)))) return undefined;
	return `the config has changed since the last deploy, and the timers work by the old one: holdfast deploy ${own.machine}`;
}
