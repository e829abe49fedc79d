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
	const deployed = deployedManifest();
	return deployed?.machine === machine ? deployed : undefined;
}

/** The name of another machine of a config that this one is deployed as: the timers are that one's. */
export function deployedAs({ machine }: Pick<Manifest, "machine">): string | undefined {
	const name = deployedManifest()?.machine;
	return typeof name === "string" && name !== machine ? name : undefined;
}

function deployedManifest(): { readonly machine?: unknown } | undefined {
	const file = layoutOf(process.getuid?.() === 0 ? undefined : homedir()).manifest;
	try {
		return withCurrentKeys(JSON.parse(readText(file, { most: MAX_BYTES }))) as { machine?: unknown };
	} catch {
		return undefined;
	}
}

/** Why the timers do not follow this manifest, in words. */
export function undeployed(manifest: Manifest): string | undefined {
	const { host: _, ...own } = manifest;
	const other = deployedAs(own);
	if (other !== undefined)
		return `this host is deployed as ${JSON.stringify(other)}: its timers back up that machine, not ${own.machine}`;
	const deployed = deployedHere(own);
	if (deployed === undefined) return undefined;
	if (isDeepStrictEqual(deployed, JSON.parse(JSON.stringify(own)))) return undefined;
	return `the config has changed since the last deploy, and the timers still use the old one: holdfast deploy ${own.machine}`;
}
