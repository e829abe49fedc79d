// Which parts of a config that somebody else wrote are run, and so shown before it is adopted.
import assert from "node:assert/strict";
import { test } from "node:test";
import { manifestJsonSchema } from "../../src/config/json-schema.ts";
import { DATABASES } from "../../src/databases/list.ts";
import { ENGINES } from "../../src/engines/list.ts";
import { HEALTH_CHECKS } from "../../src/health/list.ts";
import { COMMAND_KEYS, commandsIn } from "../../src/manifest/commands.ts";
import { NOTIFICATIONS } from "../../src/notify/list.ts";

/** Keys that hold text that is never run: data, names, paths, times. A kind has those of its own in its definition. */
const HARMLESS = [
	...`address after asOwnerOf borgServer check consistency databaseServers destinations dumps except exclude folders freezeOnBackup
healthChecks hooks keepWithin machine maxAge metricsFile mountpoint name notify on passphraseCredential
passphraseFile postBackup postRestore preBackup preRestore providers prune retention schedule server snapshot
state stopOnBackup stopOnRestore tags unit user`.split(/\s+/),
	...[...ENGINES, ...DATABASES, ...HEALTH_CHECKS, ...NOTIFICATIONS].flatMap(({ data = [] }: Kind) => data),
];

interface Kind {
	readonly data?: readonly string[];
}

test("every key that holds text is known as one whose value is run, or as one whose value is not", () => {
	const keys = new Set<string>();
	const visit = (schema: unknown) => {
		if (typeof schema !== "object" || schema === null) return;
		for (const [key, value] of Object.entries((schema as { properties?: object }).properties ?? {}))
			if (/"string"|"\$ref"/.test(JSON.stringify(value)) || JSON.stringify(value) === "{}") keys.add(key);
		for (const inner of Object.values(schema)) visit(inner);
	};
	visit(manifestJsonSchema());
	const known = new Set([...HARMLESS, ...COMMAND_KEYS]);
	assert.deepEqual(
		[...keys].filter((key) => !known.has(key)),
		[],
		"new keys: add each to `runs` of its kind if its value is run, and to `data` if not; one of a machine or state to HARMLESS here",
	);
	assert.deepEqual(
		[...known].filter((key) => !keys.has(key)),
		[],
		"no such keys any more",
	);
});

test("a hook's environment, and files of options, are shown with the commands", () => {
	const found = commandsIn({
		state: {
			app: {
				hooks: {
					preBackup: [{ command: ["/usr/bin/true"], environment: { LD_PRELOAD: "/srv/app/evil.so" } }],
				},
				dumps: [{ mariadb: "app", defaultsFile: "/srv/app/my.cnf" }],
			},
		},
		providers: {
			restic: {
				destinations: { d: { repo: "/srv/r", environmentFile: "/srv/app/env" }, command: { repo: "/x" } },
			},
		},
	});
	assert.deepEqual(
		found.map(({ text }) => text),
		["/usr/bin/true", "LD_PRELOAD=/srv/app/evil.so", "/srv/app/my.cnf", "/srv/app/env", "repo=/x"],
	);
});

test("whom a hook runs as is shown with its command", () => {
	const commands = commandsIn({
		preBackup: { command: ["/usr/bin/true"], user: "app" },
		postBackup: { script: "true", asOwnerOf: "/srv/app" },
		preRestore: { script: "true" },
	});
	assert.deepEqual(
		commands.map(({ as }) => as),
		["app", "the owner of /srv/app", undefined],
	);
});
