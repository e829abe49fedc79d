// Archives' comments: what they hold of ours, and those that were read before. borg's plain listing is one look at the
// manifest; comments cost a look at each archive. An archive's id is a hash of what it says, comment and all: what is
// known of an id stays true.
import { existsSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import * as v from "valibot";
import { privateFolder } from "../../host/files.ts";
import { openFolder } from "../../host/folder.ts";
import { places } from "../../host/places.ts";
import { lookInto } from "../../host/read-file.ts";
import { resolvePath } from "../../host/trust.ts";
import type { Metadata } from "../archive.ts";
import { type Described, metadataText, readMetadata, requireRoom, tooLarge } from "../metadata.ts";
import { understoodOr } from "../output.ts";

const MARK = "holdfast:";
/** Bytes of one argument of a program, with the one that ends it: MAX_ARG_STRLEN of execve(2). */
const LONGEST_ARGUMENT = 128 * 1024 - 1;
/** Bytes: ten thousand archives of ten kilobytes, and some. */
const MOST_KNOWN_BYTES = 256 * 1024 * 1024;

/** What an archive says of itself, as borg takes it for a comment; `share` as for `metadataText`. */
export function commentArgument(metadata: Metadata, share = 1): string {
	const comment = escaped(commentOf(metadata, share));
	requireRoom(Buffer.byteLength(comment), LONGEST_ARGUMENT * share);
	return comment;
}

export const commentOf = (metadata: Metadata, share = 1) => MARK + metadataText(metadata, share);

/** borg expands {placeholders} in comments; a doubled brace stands for itself. */
function escaped(comment: string): string {
	return comment.replaceAll("{", "{{").replaceAll("}", "}}");
}

/** A comment as it is kept: whole where it is ours, else empty; null when it was too long to be read. */
export type Comment = string | null;

export const kept = (comment: string): Comment => (comment.startsWith(MARK) ? comment : "");

export function readComment(comment: Comment): Described {
	if (comment === null) return tooLarge();
	return comment.startsWith(MARK) ? readMetadata(comment.slice(MARK.length)) : {};
}

const knownSchema = v.object({ comments: v.array(v.tuple([v.string(), v.nullable(v.string())])) });

/** A name that is too long for a file is not kept. */
function fileOf(repo: string): string {
	return join(places().cache, "borg", `${encodeURIComponent(repo)}.known.json`);
}

export function isAnyKnown(repo: string): boolean {
	return existsSync(fileOf(repo));
}

/** By archive id; empty when nothing is known, or what is there cannot be read. */
export async function known(repo: string): Promise<ReadonlyMap<string, Comment>> {
	try {
		const file = fileOf(repo);
		using folder = openFolder(resolvePath(dirname(file)).path);
		const found = lookInto(folder, basename(file), MOST_KNOWN_BYTES);
		const read = found && "text" in found ? understoodOr(knownSchema, found.text) : undefined;
		return new Map(read?.comments);
	} catch {
		return new Map();
	}
}

/** It is a cache: what cannot be kept costs time, and nothing else. */
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
