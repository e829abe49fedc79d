// Building blocks for the parameters and notes of steps. Schemas are loose: keys that a newer version added are kept.
import * as v from "valibot";
import type { SwapMode } from "../host/survey.ts";
import { isRecord } from "../values/record.ts";

export const text = v.string();

export const listOf = <const S extends v.GenericSchema>(item: S) => v.pipe(v.array(item), v.readonly());
export const texts = listOf(text);

/** An object with these keys, and possibly others. */
export function object<const E extends v.ObjectEntries>(
	entries: E,
): v.GenericSchema<unknown, Readonly<v.InferOutput<v.ObjectSchema<E, undefined>>>> {
	return v.looseObject(entries);
}

/** An object that is validated where it is used: it belongs to another layer, or came from this machine's config. */
export const some = <T extends object>() => v.custom<T>(isRecord);

/** A record with arbitrary keys: `v.record` drops some, such as `constructor`. */
export const byName = <T>(item: v.GenericSchema<unknown, T>) =>
	v.custom<Readonly<Record<string, T>>>(
		(value) => isRecord(value) && Object.values(value).every((one) => v.is(item, one)),
	);

declare const KIND: unique symbol;
/** The id of a step of one kind. Only that kind's `id` creates one. */
export type Ref<K extends string> = string & { readonly [KIND]?: K };
export const ref = <K extends string>() => v.custom<Ref<K>>((value) => typeof value === "string");

/** An archive, as steps refer to it. */
export const archiveSource = { provider: text, destination: text, archive: text };
export interface ArchiveSource {
	readonly provider: string;
	readonly destination: string;
	readonly archive: string;
}

const MODES: Readonly<Record<SwapMode, true>> = { rename: true, entries: true };

/** A folder or file of a state that is being replaced. All paths are absolute. */
export interface Place {
	/** The declared path. */
	readonly folder: string;
	/** The path in the archive. */
	readonly stored: string;
	/** The real path: `folder`, or its target if it is a symlink. */
	readonly live: string;
	readonly mode: SwapMode;
	/** A private folder on the same filesystem: next to `live`, or inside it if that is a mount point or a subvolume. */
	readonly area: string;
	/** In the private folder: the data from the archive, and the old data. */
	readonly staged: string;
	readonly old: string;
}
export const place: v.GenericSchema<unknown, Place> = object({
	folder: text,
	stored: text,
	live: text,
	mode: v.picklist(Object.keys(MODES) as SwapMode[]),
	area: text,
	staged: text,
	old: text,
});
export const places = listOf(place);

/** `user`: the user whose systemd manager runs it; absent for the manager that Holdfast uses by default. */
export const units = listOf(object({ unit: text, user: v.optional(text) }));
