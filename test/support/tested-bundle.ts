// The bundle that test/all.ts tests is named to the program, which otherwise looks at every source for a newer one.
import { join } from "node:path";

/** Environment for the program of the checkout at this path. */
export function testedBundle(project: string): Readonly<Record<string, string>> {
	const { HOLDFAST_TESTED: bundle } = process.env;
	return bundle === undefined ? {} : { HOLDFAST_BUNDLE: join(project, bundle) };
}
