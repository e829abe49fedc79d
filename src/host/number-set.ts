// A set of numbers for very many of them, such as the inodes of a tree: these are mostly neighbours, so that a place is for
// thirty-two of them, and takes twelve bytes. A Set takes forty for each.
const SMALLEST = 1024;
/** Of the room, how much is used before it is doubled. */
const FULL = 0.75;
const FREE = -1;
const TOGETHER = 32;

export interface NumberSet {
	/** Whether it was not there before. The number is 0 or more. */
	add(number: number): boolean;
}

export function numberSet(): NumberSet {
	let groups = new Float64Array(SMALLEST).fill(FREE);
	/** Of each group, the numbers that are there, by a bit. */
	let members = new Uint32Array(SMALLEST);
	let count = 0;
	const placeOf = (group: number, among: Float64Array): number => {
		// Neighbours are usual: multiplied by a large odd number they lie far apart.
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
