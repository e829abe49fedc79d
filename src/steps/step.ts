// The kinds of steps: plain data that says what will be done and what it touches. What they do is in steps/, by kind;
// what is made of them, in plan.ts. Those of databases are in step-database.ts, those of a deploy in step-deploy.ts.
import type { DumpFacts } from "../databases/database.ts";
import type { Dump } from "../databases/dump.ts";
import type { HealthCheck } from "../health/list.ts";
import type { SwapMode } from "../host/survey.ts";
import type { Retention } from "../manifest/providers.ts";
import type { Hook, HookName } from "../manifest/schema.ts";
import type { Unit } from "../values/unit.ts";
import type { KeptDatabase } from "./step-database.ts";

export interface StepBase {
	/** Unique in its plan. */
	readonly id: string;
	readonly title: string;
	/** What fails together: when a step fails, the rest of its scope is skipped and what it did is undone. */
	readonly scope: string;
	/** Paths, units and databases that it changes. */
	readonly touches: readonly string[];
	/** Run this step if and only if that one began, whatever has failed since. */
	readonly whenBegan?: string;
	/** Whether the service is down from this step's start (`begins`) or until its end (`ends`). */
	readonly downtime?: "begins" | "ends";
	/** It may run at once with its neighbours in the plan that say so too, but not with one of its own scope. */
	readonly sideBySide?: boolean;
}

/** An archive, as steps name it. */
export interface ArchiveSource {
	readonly provider: string;
	readonly destination: string;
	readonly archive: string;
}

/** A folder or file of a state that is being replaced. Every path here is absolute. */
export interface Place {
	/** As it is declared. */
	readonly folder: string;
	/** As the archive holds it. */
	readonly stored: string;
	/** Where it stands: `folder`, or where that leads when it is a symlink. */
	readonly live: string;
	readonly mode: SwapMode;
	/** A private folder on the same filesystem: beside `live`, or in it when that is a mount point or a subvolume. */
	readonly area: string;
	/** In the area: what the archive brings, and what stood there before. */
	readonly staged: string;
	readonly old: string;
}

export interface HookStep extends StepBase {
	readonly kind: "hook";
	readonly state: string;
	readonly hook: HookName;
	readonly spec: Hook;
	/** Clan's variables, for restores. */
	readonly archive?: { readonly name: string; readonly folders: readonly string[] };
}
export interface FoldersPresentStep extends StepBase {
	readonly kind: "folders-present";
	readonly folders: readonly string[];
	/** Whose they are; plans of 0.1.0 do not say. */
	readonly state?: string;
	readonly exclude?: readonly string[];
	readonly except?: readonly string[];
	/** A person has said that they are as they should be, whatever they were before. */
	readonly accept?: boolean;
}
export interface UnitsStopStep extends StepBase {
	readonly kind: "units-stop";
	readonly units: readonly Unit[];
	/** They must be down as well while the scope is undone: what they use is moved. */
	readonly downForUndo?: boolean;
}
/** Fails when a unit of the `units-stop` step of this id is up again: it would go on with what is moved. */
export interface UnitsDownStep extends StepBase {
	readonly kind: "units-down";
	readonly stopped: string;
}
/** Starts what the `units-stop` step of this id found active, and what should be. */
export interface UnitsStartStep extends StepBase {
	readonly kind: "units-start";
	readonly stopped: string;
	readonly units: readonly Unit[];
	/** Not what was down, and why. */
	readonly asBefore?: string;
}
/** Fails unless the units that were started stay active. */
export interface SettleStep extends StepBase {
	readonly kind: "settle";
	readonly stopped: string;
	readonly seconds: number;
}
export interface CheckStep extends StepBase {
	readonly kind: "check";
	readonly state: string;
	readonly check: HealthCheck;
}
export interface ArchiveCreateStep extends StepBase {
	readonly kind: "archive-create";
	readonly provider: string;
	readonly destination: string;
	readonly archive: string;
	/** A person has said that the states are as they should be, however much smaller they are than before. */
	readonly accept?: boolean;
	/** Scope of each state whose failure leaves it out, by state name. */
	readonly states: Readonly<
		Record<
			string,
			{
				readonly scope: string;
				readonly folders: readonly string[];
				/** Patterns, as they are written. */
				readonly exclude: readonly string[];
				/** Paths that are left out beside. */
				readonly except: readonly string[];
				/** The step that looked at its folders. */
				readonly seenBy?: string;
				/** The `dump` steps whose databases go into the archive. */
				readonly dumps: readonly { readonly step: string; readonly streamed: boolean }[];
			}
		>
	>;
}
/** Look for all that would fail later, before anything is touched. */
export interface PreflightStep extends StepBase, ArchiveSource {
	readonly kind: "preflight";
	readonly archiveId: string;
	readonly places: readonly Place[];
	readonly units: readonly Unit[];
	readonly dumps: readonly {
		readonly dump: Dump;
		readonly facts: DumpFacts;
		/** The path of the dump in the archive. */
		readonly stored: string;
	}[];
	/** Databases that the archive holds and the config does not declare, in words. */
	readonly undeclared?: readonly string[];
	/** Where dumps are extracted to. */
	readonly spool: string;
	/** Folders in what is replaced that belonged to a state when the archive was made, and do not in the config. */
	readonly others?: readonly {
		readonly owner: string;
		readonly folder: string;
		/** The archive holds it as its owner's. */
		readonly isStored?: boolean;
	}[];
	/** What is brought over from the old copy. */
	readonly carried?: readonly string[];
	/** Folders that were on file systems of their own when they were stored, each with where that was mounted. */
	readonly mounts?: Readonly<Record<string, string>>;
	/** Private folders of earlier runs in what is replaced. */
	readonly areas?: readonly string[];
	/** Two copies will be on disk at once. */
	readonly twoCopies: boolean;
}
/** Make the private folder. */
export interface AreaStep extends StepBase {
	readonly kind: "area";
	readonly area: string;
}
/** Extract into the private folder while the service runs. */
export interface StageStep extends StepBase, ArchiveSource {
	readonly kind: "stage";
	readonly area: string;
	/** Without a live place, it is nowhere else yet. */
	readonly places: readonly (Pick<Place, "stored" | "staged"> & Partial<Pick<Place, "live">>)[];
	/** Device nodes, setuid files and file capabilities come back as well. */
	readonly specialFiles?: boolean;
	/** Each of them must be a regular file: they are read, not put in place. */
	readonly filesOnly?: boolean;
}
/** Say who still uses what is about to be moved, now that the units are down. */
export interface HoldersStep extends StepBase {
	readonly kind: "holders";
	readonly places: readonly Place[];
}
/** Rename what stands there aside; nothing, or an empty mount, stands at its place after. */
export interface AsideStep extends StepBase {
	readonly kind: "aside";
	readonly place: Place;
}
/** Rename what was staged to the live place. */
export interface PlaceStep extends StepBase {
	readonly kind: "place";
	readonly place: Place;
}
/** Bring a folder of another state, which lies within this place, from the old copy over to the new one. */
export interface CarryStep extends StepBase {
	readonly kind: "carry";
	readonly place: Place;
	/** Below the place, relative. */
	readonly nested: string;
	/** It was there when the plan was made: it must be found, or all is undone. */
	readonly present?: boolean;
}
/** Let an engine that knows only the original paths write there; what stood there was put aside before. */
export interface EngineRestoreStep extends StepBase, ArchiveSource {
	readonly kind: "engine-restore";
	readonly places: readonly Place[];
}
/** Delete what stands there and extract over it: there is no way back, only to the end. */
export interface OverwriteStep extends StepBase, ArchiveSource {
	readonly kind: "overwrite";
	readonly places: readonly Place[];
	readonly specialFiles?: boolean;
}
/** Extract below a folder of the user's choice. */
export interface ExtractStep extends StepBase, ArchiveSource {
	readonly kind: "extract";
	readonly paths: readonly string[];
	readonly into: string;
	readonly specialFiles?: boolean;
}
/** From here on the scope is finished, never undone. */
export interface CommitStep extends StepBase {
	readonly kind: "commit";
}
/** Delete private folders and all that is in them. */
export interface DiscardStep extends StepBase {
	readonly kind: "discard";
	readonly areas: readonly string[];
	/** Copies that an earlier run kept and that are gone with this. */
	readonly forgets?: { readonly run: string; readonly state: string };
}
/** Keep the old copies for a while; `holdfast undo` brings them back. */
export interface KeepStep extends StepBase {
	readonly kind: "keep";
	readonly state: string;
	readonly places: readonly Place[];
	readonly databases: readonly KeptDatabase[];
	/** How long, in seconds. */
	readonly seconds: number;
}

/** Look whether what a destination holds is whole; fails when it is not. */
export interface CheckArchivesStep extends StepBase {
	readonly kind: "archives-check";
	readonly provider: string;
	readonly destination: string;
	/** Every byte. */
	readonly full: boolean;
}
/** Delete archives that no rule keeps. Decided again when it runs; of those only, if some were agreed on. */
export interface PruneStep extends StepBase {
	readonly kind: "archives-prune";
	readonly provider: string;
	readonly destination: string;
	readonly retention: Retention;
	/** Names; absent when the destination could not be asked before. */
	readonly agreed?: readonly string[];
}
