// A machine's timers use the deployed manifest, whatever the config says now. Commands warn when the two differ.
import { homedir } from "node:os";
import { isDeepStrictEqual } from "node:util";
import { layoutOf } from "../fleet/layout.ts";
import { readText } from "../host/read-file.ts";
import { withCurrentKeys } from "../manifest/old-keys.ts";
import type { Manifest } from "../manifest/schema.ts";

const MAX_BYTES = 16 * 1024 * 1024;

/** The manifest deployed for this machine here, or undefined. */
export function deployedHere({ machine }: Pick<Manifest, "machine">): unknown {
	const file = layoutOf(process.getuid?.() === 0 ? undefined : homedir()).manifest;
	try {
		const deployed = withCurrentKeys(JSON.parse(readText(file, { most: MAX_BYTES })));
		return (deployed as { machine?: unknown } | null)?.machine === machine ? deployed : undefined;
	} catch {
		return undefined;
	}
}

/** Why the timers do not follow this manifest, in words. */
export function undeployed(manifest: Manifest): string | undefined {
	const { host: _, ...own } = manifest;
	const deployed = deployedHere(own);
	if (deployed === undefined) return undefined;
	if (isDeepStrictEqual(deployed, JSON.parse(JSON.stringify(own)))) return undefined;
	return `the config has changed since the last deploy, and the timers still use the old one: holdfast deploy ${own.machine}`;
}
