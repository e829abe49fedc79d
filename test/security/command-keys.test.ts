// Which parts of a config that somebody else wrote are run, and so shown before it is adopted.
import assert from "node:assert/strict";
import { test } from "node:test";
import { manifestJsonSchema } from "../../src/config/json-schema.ts";
import { COMMAND_KEYS, commandsIn } from "../../src/manifest/commands.ts";

/** Keys that hold text that is never run: data, names, paths, times. */
const HARMLESS =
	`address after borgServer check compression consistency contains database destinations directory dumps email encryption except
exclude excludeTableData expect folders freezeOnBackup healthChecks healthchecks hooks host http keepWithin keyFile machine mariadb maxAge metricsFile
mountpoint name notify ntfy on passphraseCredential passphraseFile passwordFile path pgService postBackup postRestore postgresql
preBackup preRestore providers prune redis repo repoFile retention schedule server snapshot socket sqlite state stopOnBackup
stopOnRestore tags tokenFile unit user wayBack`.split(/\s+/);

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
		"new keys: add each to `runs` of its kind if its value is run, and to HARMLESS here if not",
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
