// Keys that 0.1.0 named differently. Its manifests are still in archives, in journals and on machines.
import { isRecord, ownValue } from "../values/record.ts";

/** The current names, by old name. */
export const RENAMED: Readonly<Record<string, string>> = { checks: "healthChecks", expect: "maxAge" };

/** A manifest with the current keys. Anything that is not a manifest is returned unchanged. */
export function withCurrentKeys(manifest: unknown): unknown {
	if (!isRecord(manifest)) return manifest;
	const { state, providers } = manifest;
	return {
		...renamed(manifest),
		...(isRecord(state) ? { state: mapped(state) } : {}),
		...(isRecord(providers) ? { providers: mapped(providers) } : {}),
	};
}

const mapped = (values: Readonly<Record<string, unknown>>) =>
	Object.fromEntries(
		Object.entries(values).map(([name, value]) => [name, isRecord(value) ? renamed(value) : value]),
	);

const renamed = (value: Readonly<Record<string, unknown>>) =>
	Object.fromEntries(
		Object.entries(value).map(([key, held]) => {
			const now = ownValue(RENAMED, key);
			return [now === undefined || Object.hasOwn(value, now) ? key : now, held];
		}),
	);
