// What the parameters and notes of steps are made of. They are read loosely: what a newer version adds to one stays in it.
import * as v from "valibot";
import type { SwapMode } from "../host/survey.ts";
import { isRecord } from "../values/record.ts";

export const text = v.string();

export const listOf = <const S extends v.GenericSchema>(item: S) => v.pipe(v.array(item), v.readonly());
export const texts = listOf(text);

/** An object with these keys, and any others. */
export function object<const E extends v.ObjectEntries>(
	entries: E,
): v.GenericSchema<unknown, Readonly<v.InferOutput<v.ObjectSchema<E, undefined>>>> {
	return v.looseObject(entries);
}

/** An object that is checked where it is used: another layer's, or what this machine's config said. */
export const some = <T extends object>() => v.custom<T>(isRecord);

/** By names of any kind, as `v.record` does not take them. */
export const byName = <T>(item: v.GenericSchema<unknown, T>) =>
	v.custom<Readonly<Record<string, T>>>(
		(value) => isRecord(value) && Object.values(value).every((one) => v.is(item, one)),
	);

declare const KIND: unique symbol;
/** The id of a step of one kind: only that kind's `id` makes one. */
export type Ref<K extends string> = string & { readonly [KIND]?: K };
export const ref = <K extends string>() => v.custom<Ref<K>>((value) => typeof value === "string");

/** An archive, as steps name it. */
export const archiveSource = { provider: text, destination: text, archive: text };
export interface ArchiveSource {
	readonly provider: string;
	readonly destination: string;
	readonly archive: string;
}

const MODES: Readonly<Record<SwapMode, true>> = { rename: true, entries: true };

/** A folder or file of a state that is being replaced. Every path here is absolute. */
export interface Place {
	/** As it is declared. */
	readonly folder: string;
	/** As the archive holds it. */
	readonly stored: string;
	/** Where it stands: `folder`, or where that leads when it is a symlink. */
	readonly live: string;
	readonly mode: SwapMode;
	/** A private folder on the same filesystem: beside `live`, or in it when that is a mount point or a subvolume. */
	readonly area: string;
	/** In the area: what the archive brings, and what stood there before. */
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

/** Of a user's manager, or of the one that is ours. */
export const units = listOf(object({ unit: text, user: v.optional(text) }));
