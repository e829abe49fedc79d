// Steps of a deploy: files, an account and units of this machine.
import type { StepBase } from "./step.ts";

/** Put a file in its place on this machine, whole at every instant. */
export interface FilePutStep extends StepBase {
	readonly kind: "file-put";
	readonly path: string;
	readonly from: string;
	/** Octal: of the file, and of folders that must be made for it. */
	readonly mode: string;
	readonly folderMode: string;
}
export interface FileTakeStep extends StepBase {
	readonly kind: "file-take";
	readonly path: string;
}
/** Make a system account that can be reached by SSH, with a home of its own (0700). */
export interface AccountStep extends StepBase {
	readonly kind: "account";
	readonly user: string;
	readonly home: string;
}
/** Look which units are enabled; its undo has systemd read them again, and enables those again. */
export interface UnitsReloadStep extends StepBase {
	readonly kind: "units-reload";
	readonly units: readonly string[];
}
/** Have systemd read its units again, and go by them. */
export interface TimersStep extends StepBase {
	readonly kind: "timers";
	/** Enabled, and started. */
	readonly start: readonly string[];
	readonly enable: readonly string[];
	/** Stopped and disabled. */
	readonly stop: readonly string[];
}
