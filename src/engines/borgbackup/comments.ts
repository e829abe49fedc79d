// Comments of archives: our metadata in them, and a cache of those already read. borg's plain listing reads only the manifest;
// comments require reading each archive. An archive's id is a hash that includes its comment, so a cached comment stays valid.
import { existsSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import * as v from "valibot";
import { privateFolder } from "../../host/files.ts";
import { openFolder } from "../../host/folder.ts";
import { places } from "../../host/places.ts";
import { readTextIn } from "../../host/read-file.ts";
import { resolvePath } from "../../host/trust.ts";
import type { Metadata } from "../archive.ts";
import { type Described, metadataText, readMetadata, requireRoom, tooLarge } from "../metadata.ts";
import { understoodOr } from "../output.ts";

const MARK = "holdfast:";
/** Bytes of one argument of a program, including its NUL: MAX_ARG_STRLEN of execve(2). */
const LONGEST_ARGUMENT = 128 * 1024 - 1;
/** Bytes: room for ten thousand archives of ten kilobytes. */
const MAX_KNOWN_BYTES = 256 * 1024 * 1024;

/** The metadata as a comment for borg; `share` as for `metadataText`. */
export function commentArgument(metadata: Metadata, share = 1): string {
	const comment = escaped(commentOf(metadata, share));
	requireRoom(Buffer.byteLength(comment), LONGEST_ARGUMENT * share);
	return comment;
}

export const commentOf = (metadata: Metadata, share = 1) => MARK + metadataText(metadata, share);

/** borg expands {placeholders} in comments; a doubled brace is a literal one. */
function escaped(comment: string): string {
	return comment.replaceAll("{", "{{").replaceAll("}", "}}");
}

/** A comment as it is cached: complete if it is ours, else empty; null if it was too long to read. */
export type Comment = string | null;

export const kept = (comment: string): Comment => (comment.startsWith(MARK) ? comment : "");

export function readComment(comment: Comment): Described {
	if (comment === null) return tooLarge();
	return comment.startsWith(MARK) ? readMetadata(comment.slice(MARK.length)) : {};
}

const knownSchema = v.object({ comments: v.array(v.tuple([v.string(), v.nullable(v.string())])) });

/** Undefined if the name is too long for a file: nothing is cached then. */
function fileOf(repo: string): string {
	return join(places().cache, "borg", `${encodeURIComponent(repo)}.known.json`);
}

export function isAnyKnown(repo: string): boolean {
	return existsSync(fileOf(repo));
}

/** By archive id; empty if there is no cache or it cannot be read. */
export async function known(repo: string): Promise<ReadonlyMap<string, Comment>> {
	try {
		const file = fileOf(repo);
		using folder = openFolder(resolvePath(dirname(file)).path);
		const found = readTextIn(folder, basename(file), MAX_KNOWN_BYTES);
		const read = found && "text" in found ? understoodOr(knownSchema, found.text) : undefined;
		return new Map(read?.comments);
	} catch {
		return new Map();
	}
}

/** It is only a cache: errors are ignored, because they cost nothing but time. */
export async function keep(repo: string, archives: ReadonlyMap<string, Comment>): Promise<void> {
	try {
		const file = fileOf(repo);
		await privateFolder(dirname(file));
		const draft = `${file}.${process.pid}`;
		await writeFile(draft, JSON.stringify({ comments: [...archives] }), { mode: 0o600 });
		await rename(draft, file);
	} catch {
		// See above.
	}
}
