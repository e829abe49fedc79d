// Compares a snapshot's files with its list of digests.

import { sha256 } from "../../host/digest.ts";
import { descend, entryIn, type Folder, isAbsent, linkIn, split } from "../../host/folder.ts";
import { numberSet } from "../../host/number-set.ts";
import { counted } from "../../values/counted.ts";
import { wordsOf } from "../../values/system-error.ts";
import type { Work } from "../destination.ts";
import { type Digested, digestOfList, eachDigested, fileHasher, inodeText, lookupIn } from "./digests.ts";
import { letterOf, parents } from "./walk.ts";

/** Faults of one snapshot that are told; the number of the others is. */
const MAX_FAULTS = 20;

export interface Verifier {
	/** Compare one snapshot, whose list has this SHA-256. `tell` gets each fault, in words. */
	verify(snapshot: Folder, files: Folder, list: string, tell: (fault: string) => void): Promise<void>;
	[Symbol.dispose](): void;
}

/**
 * For the snapshots of a disk, newest first: with `full`, a file that several of them share is read once. Without, only what is
 * missing or has another size is found.
 */
export function verifier(full: boolean, work: Work): Verifier {
	const hash = fileHasher(work);
	/** Inodes that were read, and those of them that are damaged. */
	const read = numberSet();
	const damaged = new Set<number>();
	let newer: Folder | undefined;
	const isDamaged = async (one: Digested, inode: number, parent: Folder, isShared: boolean) => {
		if (read.add(inode) || !isShared) {
			if ((await hash(parent, split(one.path)[1])) === one.digest) damaged.delete(inode);
			else damaged.add(inode);
		}
		return damaged.has(inode);
	};
	return {
		async verify(snapshot, files, list, tell) {
			try {
				if ((await digestOfList(snapshot)) !== list)
					return tell("its list of files was changed, or is damaged");
			} catch (error) {
				return tell(isAbsent(error) ? "its list of files is not there" : wordsOf(error));
			}
			const known = newer && lookupIn(newer, work);
			const at = parents(files);
			let faults = 0;
			let last: Digested | undefined;
			try {
				for await (const one of eachDigested(snapshot, work)) {
					const fault = (words: string) => {
						if (++faults <= MAX_FAULTS) tell(`${one.path} ${words}`);
					};
					const [above, name] = split(one.path);
					const parent = at(above);
					const found = parent && entryIn(parent, name);
					if (parent === undefined || found === undefined) fault("is not there");
					else if (letterOf(found) !== one.type) fault("is of another type than when it was written");
					else if (one.type === "-") {
						if (found.size !== Number(one.size)) {
							fault(
								found.size < Number(one.size)
									? `is truncated: ${found.size} of ${counted(Number(one.size), "byte")}`
									: `has ${counted(found.size, "byte")} instead of ${one.size}`,
							);
							continue;
						}
						if (!full) continue;
						const same = last?.inode === one.inode ? last : await known?.at(one.inode);
						const isShared = same?.digest === one.digest && inodeText(found.ino) === one.inode;
						if (await isDamaged(one, found.ino, parent, isShared)) fault("was changed since it was written");
						last = one;
					} else if (one.type === "l" && sha256(linkIn(parent, name)) !== one.digest)
						fault("leads elsewhere than when it was written");
				}
			} catch (error) {
				work.signal.throwIfAborted();
				tell(wordsOf(error));
			} finally {
				at.close();
				await known?.end();
			}
			if (faults > MAX_FAULTS) tell(`and ${faults - MAX_FAULTS} more of its files`);
			newer?.[Symbol.dispose]();
			newer = descend(snapshot, "");
		},
		[Symbol.dispose]: () => newer?.[Symbol.dispose](),
	};
}
