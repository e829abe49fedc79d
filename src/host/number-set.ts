// A set of numbers for very many of them, such as the inodes of a tree: eight to sixteen bytes each, where a Set takes forty.
const SMALLEST = 1024;
/** Of the room, how much is used before it is doubled. */
const FULL = 0.75;
const FREE = -1;

export interface NumberSet {
	/** Whether it was not there before. The number is 0 or more. */
	add(number: number): boolean;
}

export function numberSet(): NumberSet {
	let room = new Float64Array(SMALLEST).fill(FREE);
	let count = 0;
	const placeOf = (number: number, among: Float64Array): number => {
		// Neighbours among inodes are usual: multiplied by a large odd number they lie far apart.
		let at = (Math.imul(number | 0, 0x9e3779b1) >>> 0) % among.length;
		while (among[at] !== FREE && among[at] !== number) at = (at + 1) % among.length;
		return at;
	};
	return {
		add(number) {
			const at = placeOf(number, room);
			if (room[at] === number) return false;
			room[at] = number;
			count++;
			if (count > room.length * FULL) {
				const larger = new Float64Array(2 * room.length).fill(FREE);
				for (const known of room) if (known !== FREE) larger[placeOf(known, larger)] = known;
				room = larger;
			}
			return true;
		},
	};
}
