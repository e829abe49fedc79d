// The config and machines: status, deploy, notify, init and the commands that print definitions.

import * as v from "valibot";
import type { TimerStatus } from "../../host/timers.ts";
import { manifestSchema } from "../../manifest/schema.ts";
import type { Standing } from "../../report/result.ts";
import type { ArchiveStatus, LastRun } from "../../run/status.ts";
import { heldForm } from "../../values/held.ts";
import { record } from "../../values/record.ts";
import type { HelpDocument } from "../help-document.ts";
import {
	about,
	like,
	maybe,
	number,
	type Output,
	type OutputCase,
	text,
	texts,
	time,
	yes,
} from "./output.ts";
import { EVENTS } from "./runs.ts";

const archive = like<ArchiveStatus>()(
	v.object({
		state: text,
		destination: about("provider/destination", v.string()),
		archive: v.exactOptional(about("the id of the newest good one", v.string())),
		created: v.exactOptional(time),
		ageSeconds: number,
		consistency: v.exactOptional(
			about("`atomic`, `stopped`, `dumped`, `spread`, `live` or `fuzzy`", v.string()),
		),
		maxAgeSeconds: v.number(),
		bytes: v.exactOptional(about("of the state in that archive", v.number())),
		growthBytes: v.exactOptional(about("in a week", v.number())),
		isLate: v.boolean(),
		location: v.exactOptional(
			about("the destination's address, if all archives were made at another one", v.string()),
		),
		missing: v.exactOptional(about("folders of the config that it does not contain", texts)),
		doubt: v.exactOptional(about("a newer archive that is in doubt, and why", v.string())),
		failedCheck: v.exactOptional(about("the run of the last check, if it failed", v.string())),
		ahead: v.exactOptional(about("archives that are dated in the future", texts)),
	}),
);
const run = like<LastRun>()(
	v.object({
		operation: text,
		run: text,
		started: time,
		outcome: v.exactOptional(about("absent while it is in progress", v.string())),
		isRolledBack: yes,
	}),
);
const timer = like<TimerStatus>()(
	v.object({
		name: about("`create` for holdfast-create.timer", v.string()),
		isActive: v.boolean(),
		isEnabled: v.boolean(),
		isOver: v.exactOptional(about("its calendar has no future time", v.literal(true))),
		next: v.exactOptional(time),
		failed: v.exactOptional(about("systemd's result of the service, if its last start failed", v.string())),
	}),
);
const standing = like<Standing>()(
	v.object({
		machine: text,
		time: about("RFC 3339, by the machine's own clock", v.string()),
		archives: v.array(archive),
		runs: about("the last create, prune and check", v.array(run)),
		problems: about("one line each; empty if all is well", texts),
		timers: v.array(timer),
		now: v.exactOptional(about("what is in progress", v.string())),
		advice: v.exactOptional(
			about("what is no problem and to be acted on all the same, one line each", texts),
		),
		isStateless: v.exactOptional(
			about("nothing of it has to be backed up, and it was not asked", v.literal(true)),
		),
	}),
);
export const STATUS: Output = { title: "Status of a machine", form: "document", schema: standing };
export const STATUS_OF_SEVERAL: Output = {
	title: "Status of several machines",
	form: "document",
	schema: v.object({ machines: v.array(standing) }),
};

export const CHANGES: Output = {
	title: "Changes by a deploy",
	form: "lines",
	schema: v.object({
		machine: text,
		changes: about("one line each; empty if there is nothing to do", texts),
	}),
};

export const NOTIFIED: Output = {
	title: "Sent notifications",
	form: "document",
	schema: v.object({ notified: about("services that were reached", texts), faults: texts }),
};

export const CONFIG: Output = {
	title: "A written config",
	form: "document",
	schema: v.object({
		file: about("where it is, or would be, written", v.string()),
		config: about("its text", v.string()),
		unprotected: about("what is not backed up, and why, one line each", texts),
	}),
};
export const IMPORTED: Output = {
	title: "An imported config",
	form: "document",
	schema: v.object({ config: text }),
};

const module = {
	name: text,
	about: text,
	sources: about("addresses of the pages with the facts", texts),
	proven: v.optional(about("what it was tested with", v.picklist(["application", "stand-in"]))),
};
export const MODULES: Output = {
	title: "Modules",
	form: "document",
	schema: v.array(v.object(module)),
};
export const MODULE: Output = {
	title: "One module",
	form: "document",
	schema: v.object({
		...module,
		options: about("a JSON Schema", record(text, v.unknown())),
		declares: about(
			"for each machine that uses it; without `machine`: with default options",
			v.array(
				v.object({
					machine: maybe,
					state: about("states, as in the config", record(text, v.unknown())),
					faults: about("what is wrong with the options", texts),
				}),
			),
		),
	}),
};

export const VALID: Output = {
	title: "A valid config",
	form: "document",
	schema: v.object({ file: text, machines: texts }),
};
export const MANIFEST: Output = {
	title: "Manifest",
	form: "document",
	schema: heldForm(manifestSchema),
};
export const SCHEMA: Output = { title: "JSON Schema", form: "document", schema: record(text, v.unknown()) };
export const SCRIPT: Output = {
	title: "Completion script",
	form: "document",
	schema: v.object({ shell: text, script: text }),
};
export const HELP: Output = {
	title: "Help",
	form: "document",
	schema: like<HelpDocument>()(
		v.object({
			name: about("the words of the command; empty for the program", text),
			brief: text,
			description: maybe,
			flags: v.array(
				like<HelpDocument["flags"][number]>()(
					v.object({
						name: about("as it is written, e.g. `--dry-run`", text),
						brief: text,
						value: v.exactOptional(about("what its value is; absent if it takes none", text)),
						default: maybe,
						repeatable: v.boolean(),
					}),
				),
			),
			positional: about(
				"in this order",
				v.array(v.object({ name: text, brief: text, optional: v.boolean(), repeatable: v.boolean() })),
			),
			commands: about("of a group or the program", v.array(v.object({ name: text, brief: text }))),
		}),
	),
};
export const PROGRAM: Output = {
	title: "Version",
	form: "document",
	schema: v.object({ version: text }),
};

export const STANDING: readonly OutputCase[] = [
	{ output: STATUS },
	{ when: "several machines", output: STATUS_OF_SEVERAL },
];
export const CHANGING: readonly OutputCase[] = [{ output: CHANGES }, { when: "afterwards", output: EVENTS }];
