// Kind → what it does. A new kind of step is its type in ../step.ts, its work in this folder, and one line here.
import type { StepRegistry } from "../step.ts";
import { archiveCreate } from "./archive-create.ts";
import { commit, discard } from "./commit.ts";
import { engineRestore } from "./engine-restore.ts";
import { foldersPresent } from "./folders-present.ts";
import { hook } from "./hook.ts";
import { stage } from "./stage.ts";
import { aside, place } from "./swap.ts";
import { unitsStart, unitsStop } from "./units.ts";

export const STEP_WORK: StepRegistry = {
	hook,
	"folders-present": foldersPresent,
	"units-stop": unitsStop,
	"units-start": unitsStart,
	"archive-create": archiveCreate,
	stage,
	aside,
	place,
	"engine-restore": engineRestore,
	commit,
	discard,
};
