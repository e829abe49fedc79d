// restic of today against the same contract: Debian 12's is of 2022, and what people install is not.
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { scratch } from "../support/scratch.ts";
import { fulfilsContract } from "./contract.ts";
import { restic, setUpEngines } from "./engines.ts";
import { newerRestic, PROJECT } from "./servers.ts";

if (newerRestic.missing !== undefined) test("restic of today", { skip: newerRestic.missing }, () => {});
else {
	const folder = scratch("restic-newest");
	setUpEngines(folder);
	const programs = join(folder, "bin");
	mkdirSync(programs);
	symlinkSync(join(newerRestic.below(PROJECT), "bin/restic"), join(programs, "restic"));
	process.env.PATH = `${programs}:${process.env.PATH}`;
	fulfilsContract({ ...restic, name: "restic of today" }, folder);
}
