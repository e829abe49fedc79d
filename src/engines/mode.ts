// Modes as engines print them: `-rwsr-x--T` and the like.

/** The permission bits of a mode in letters, including setuid, setgid and sticky. */
export function modeOf(letters: string): number {
	let mode = 0;
	for (const [index, letter] of [...letters.slice(1, 10)].entries()) {
		const bit = 1 << (8 - index);
		if ("rwxst".includes(letter)) mode |= bit;
		if ("sStT".includes(letter)) mode |= index === 2 ? 0o4000 : index === 5 ? 0o2000 : 0o1000;
	}
	return mode;
}
