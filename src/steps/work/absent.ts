// An optional destination that is not available is skipped: the step's result says so, and nothing has failed.
import { DestinationAbsent } from "../../engines/destination.ts";

export interface Skipped {
	/** The reason. */
	readonly skipped: string;
}

export async function unlessAbsent<T>(work: () => Promise<T>): Promise<T | Skipped> {
	try {
		return await work();
	} catch (error) {
		if (error instanceof DestinationAbsent) return { skipped: error.message };
		throw error;
	}
}
