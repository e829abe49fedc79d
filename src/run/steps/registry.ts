// Kind → what it does. A new kind of step is its type in ../step.ts, its work in this folder, and one line here.
import type { StepRegistry } from "../work.ts";
import { archiveCreate } from "./archive-create.ts";
import { area } from "./area.ts";
import { carry } from "./carry.ts";
import { commit, discard, keep } from "./commit.ts";
import { accounts, databaseDrop, databaseSwap, embed, load } from "./databases.ts";
import { dump } from "./dump.ts";
import { engineRestore, overwrite } from "./engine-restore.ts";
import { extract } from "./extract.ts";
import { foldersPresent } from "./folders-present.ts";
import { check } from "./health-check.ts";
import { hook } from "./hook.ts";
import { account, filePut, fileTake, timers, unitsReload } from "./install.ts";
import { place } from "./place.ts";
import { holders, preflight } from "./preflight.ts";
import { stage } from "./stage.ts";
import { aside } from "./swap.ts";
import { unitsDown, unitsStop } from "./units.ts";
import { settle, unitsStart } from "./units-start.ts";
import { archivesCheck, archivesPrune } from "./upkeep.ts";

export const STEP_WORK: StepRegistry = {
	preflight,
	hook,
	"folders-present": foldersPresent,
	"units-stop": unitsStop,
	"units-down": unitsDown,
	"units-start": unitsStart,
	settle,
	check,
	"archive-create": archiveCreate,
	dump,
	accounts,
	load,
	embed,
	"database-swap": databaseSwap,
	"database-drop": databaseDrop,
	area,
	stage,
	holders,
	aside,
	place,
	carry,
	"engine-restore": engineRestore,
	overwrite,
	extract,
	commit,
	discard,
	keep,
	"archives-check": archivesCheck,
	"archives-prune": archivesPrune,
	account,
	"file-put": filePut,
	"file-take": fileTake,
	"units-reload": unitsReload,
	timers,
};
