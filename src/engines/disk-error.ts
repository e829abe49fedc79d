// Which of the lines of rsync and tar say that a disk cannot be written to. Both escape line breaks in the names of files, so a
// line begins and ends with their own words: a name in between decides nothing.
import { HoldfastError } from "../values/error.ts";

const WORDS = {
	"No space left on device": "ENOSPC",
	"Disk quota exceeded": "EDQUOT",
	"Read-only file system": "EROFS",
} as const;
export type DiskError = (typeof WORDS)[keyof typeof WORDS];

/** The system's error at the end of a line. */
export function diskErrorAtEnd(line: string): DiskError | undefined {
	const [, words = ""] = /: ([A-Z][a-z -]+)$/.exec(line) ?? [];
	return Object.hasOwn(WORDS, words) ? WORDS[words as keyof typeof WORDS] : undefined;
}

/** `rsync: [receiver] write failed on "NAME": No space left on device (28)`. */
export const rsyncDiskError = (line: string): DiskError | undefined =>
	line.startsWith("rsync: ") ? diskErrorAtEnd(line.replace(/ \(\d+\)$/, "")) : undefined;

/** `tar: NAME: Cannot write: No space left on device`. */
export const tarDiskError = (line: string): DiskError | undefined =>
	line.startsWith("tar: ") ? diskErrorAtEnd(line) : undefined;

/**
 * A restore failed because there is no space where it wrote. For programs that delete a file that they could not write
 * completely: when they have ended, there is free space again.
 */
export class TargetFull extends HoldfastError {}

export const isFull = (error: DiskError | undefined): boolean => error === "ENOSPC" || error === "EDQUOT";
