// Kind → what it does. A new kind of step is its type in ../step.ts, its work in this folder, and one line here.
import type { StepRegistry } from "./context.ts";
import { archiveCreate } from "./work/archive-create.ts";
import { area } from "./work/area.ts";
import { carry } from "./work/carry.ts";
import { commit, discard, keep } from "./work/commit.ts";
import { accounts, databaseDrop, databaseSwap, embed, load } from "./work/databases.ts";
import { dump } from "./work/dump.ts";
import { engineRestore, overwrite } from "./work/engine-restore.ts";
import { extract } from "./work/extract.ts";
import { foldersPresent } from "./work/folders-present.ts";
import { check } from "./work/health-check.ts";
import { hook } from "./work/hook.ts";
import { account, filePut, fileTake, timers, unitsReload } from "./work/install.ts";
import { place } from "./work/place.ts";
import { holders, preflight } from "./work/preflight.ts";
import { stage } from "./work/stage.ts";
import { aside } from "./work/swap.ts";
import { unitsDown, unitsStop } from "./work/units.ts";
import { settle, unitsStart } from "./work/units-start.ts";
import { archivesCheck, archivesPrune } from "./work/upkeep.ts";

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
