// What a row says of a machine, and what `holdfast init` finds out there.
export interface Seen {
	readonly module: string;
	/** Paths that exist. */
	readonly paths?: readonly string[];
	/** Services that run or are enabled. */
	readonly units?: readonly string[];
	readonly nixos?: true;
	/** The options that `init` writes. */
	readonly found: object;
}
