// A set for very many numbers, such as the inodes of a tree. These are mostly consecutive, so each slot covers 32 numbers and
// takes 12 bytes. A Set takes 40 bytes for each number.
const SMALLEST = 1024;
/** The load factor at which the table is doubled. */
const FULL = 0.75;
const FREE = -1;
const TOGETHER = 32;

export interface NumberSet {
	/** Add a number, 0 or more. Returns whether it was new. */
	add(number: number): boolean;
}

export function numberSet(): NumberSet {
	let groups = new Float64Array(SMALLEST).fill(FREE);
	/** For each group, one bit per number that is present. */
	let members = new Uint32Array(SMALLEST);
	let count = 0;
	const placeOf = (group: number, among: Float64Array): number => {
		// Consecutive groups are common: multiplication by a large odd number spreads them.
		let at = (Math.imul(group | 0, 0x9e3779b1) >>> 0) % among.length;
		while (among[at] !== FREE && among[at] !== group) at = (at + 1) % among.length;
		return at;
	};
	const grow = () => {
		const larger = new Float64Array(2 * groups.length).fill(FREE);
		const theirs = new Uint32Array(2 * groups.length);
		for (const [from, group] of groups.entries()) {
			if (group === FREE) continue;
			const at = placeOf(group, larger);
			larger[at] = group;
			theirs[at] = members[from] ?? 0;
		}
		groups = larger;
		members = theirs;
	};
	return {
		add(number) {
			const group = Math.floor(number / TOGETHER);
			const bit = (1 << (number % TOGETHER)) >>> 0;
			let at = placeOf(group, groups);
			if (groups[at] === FREE) {
				if (++count > groups.length * FULL) {
					grow();
					at = placeOf(group, groups);
				}
				groups[at] = group;
			}
			const known = members[at] ?? 0;
			members[at] = known | bit;
			return (known & bit) === 0;
		},
	};
}
