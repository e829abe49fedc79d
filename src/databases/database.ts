// The contract that every database server fulfils. A database knows nothing of states, archives or units.

/** What must be known to make a database anew, as it was when it was dumped. */
export interface DumpFacts {
	readonly owner: string;
	readonly encoding: string;
	readonly collate: string;
	readonly ctype: string;
	/** The server's major version. */
	readonly version: number;
}

export interface Database {
	/** Throws, in words, when the server does not answer. */
	ready(): Promise<void>;
	/** The server's major version. */
	version(): Promise<number>;
	exists(name: string): Promise<boolean>;
	/**
	 * Write a consistent dump of the live database to a file that is not there yet, synced. Fails when the dump is not
	 * whole; what it wrote is removed then.
	 */
	dump(file: string, signal: AbortSignal, log: (line: string) => void): Promise<DumpFacts>;
	/** Make the database `as` of a dump. It must not be there. The live one is not touched. */
	load(
		file: string,
		facts: DumpFacts,
		as: string,
		signal: AbortSignal,
		log: (line: string) => void,
	): Promise<void>;
	/**
	 * `live` becomes `old` and `fresh` becomes `live`, in one transaction. Sessions of `live` are ended and kept out. When
	 * there is no `live`, only the second. The same again, when it is done already, does nothing.
	 */
	swap(fresh: string, live: string, old: string): Promise<void>;
	/** Take a swap back, however far it came: `old` is `live` again, and what was live is `fresh`. Safe to repeat. */
	swapBack(fresh: string, live: string, old: string): Promise<void>;
	/** Does nothing when it is not there. */
	drop(name: string): Promise<void>;
}
