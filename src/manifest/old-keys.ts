// Keys that 0.1.0 had other names for: in manifests that it left in archives, in journals and on machines.
import { isRecord, ownValue } from "../values/record.ts";

/** Today's names. */
export const RENAMED: Readonly<Record<string, string>> = { checks: "healthChecks", expect: "maxAge" };

/** A manifest with the keys of today; what is none stays as it is. */
export function withKeysOfToday(manifest: unknown): unknown {
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
