// A key in another program's spelling, or in the wrong map: which key was meant, and where it goes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { machinesIn } from "../../src/config/load.ts";
import { reportOf } from "../../src/values/error.ts";

const STATE = { data: { folders: ["/srv/data"] } };
const TAR = { destinations: { disk: { path: "/mnt/disk" } } };

/** The hint for the only fault of a config. */
async function hintFor(config: object): Promise<string | undefined> {
	const error = await machinesIn(config, "config").then(
		() => assert.fail("it is valid"),
		(caught: unknown) => reportOf(caught),
	);
	const [, hint] = /; did you mean "(.*)"\?/.exec([error.message, ...(error.details ?? [])].join("\n")) ?? [];
	return hint;
}

const inMachine = (more: object) => ({
	machines: { web01: { state: STATE, providers: { tar: TAR }, ...more } },
});
const inProvider = (more: object) => inMachine({ providers: { tar: { ...TAR, ...more } } });
const inState = (more: object) => inMachine({ state: { data: { ...STATE.data, ...more } } });

const RULES = { daily: 7 };
for (const [what, config, meant] of [
	["a retention of the machine", inMachine({ retention: RULES }), "providers.NAME.retention"],
	["a retention of a state", inState({ retention: RULES }), "providers.NAME.retention"],
	[
		"a retention of the whole config",
		{ ...inMachine({}), retention: RULES },
		"machines.NAME.providers.NAME.retention",
	],
	["restic's keepDaily", inProvider({ retention: { keepDaily: 7 } }), "daily"],
	["borgmatic's keep_weekly", inProvider({ retention: { keep_weekly: 7 } }), "weekly"],
	["borg's keep-monthly", inProvider({ retention: { "keep-monthly": 7 } }), "monthly"],
	["borgmatic's keep_within", inProvider({ retention: { keep_within: "7d" } }), "keepWithin"],
	["restic's keep-last", inProvider({ retention: { "keep-last": 7 } }), "keepLast"],
	["within", inProvider({ retention: { within: "7d" } }), "keepWithin"],
	["keep_daily beside the retention", inProvider({ keep_daily: 7 }), "providers.tar.retention.daily"],
	["keep_daily of the machine", inMachine({ keep_daily: 7 }), "providers.NAME.retention.daily"],
	["NixOS' prune.keep", inProvider({ prune: { keep: RULES } }), "retention"],
	["the time of a prune", inMachine({ prune: "daily" }), "schedule.prune"],
	["what Holdfast does not have", inProvider({ retention: { keep_secondly: 1 } }), undefined],
	["folders of the machine", inMachine({ folders: ["/srv/data"] }), "state.NAME.folders"],
	["a state of the whole config", { ...inMachine({}), state: STATE }, "machines.NAME.state"],
	["snake case", inState({ stop_on_backup: ["a.service"] }), "stopOnBackup"],
	["borgmatic's source_directories", inState({ source_directories: ["/a"] }), "folders"],
	["a path beside the destinations", inProvider({ path: "/mnt" }), "providers.tar.destinations.NAME.path"],
] as const)
	test(what, async () => assert.equal(await hintFor(config), meant));
