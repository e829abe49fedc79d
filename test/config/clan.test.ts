// What Clan declares is converted without loss, or refused in words; and what `import` prints is valid.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import { fromClan } from "../../src/config/clan.ts";
import { loadMachines } from "../../src/config/load.ts";
import { importedConfig } from "../../src/config/write.ts";
import { jobsOf, unitsOf } from "../../src/fleet/units.ts";
import type { Manifest } from "../../src/manifest/schema.ts";
import { HoldfastError } from "../../src/values/error.ts";
import { scratch } from "../support/scratch.ts";

const below = scratch("clan");

/** The manifest of what `import` prints. */
async function imported(clan: object, machine = "web01"): Promise<Manifest> {
	const file = join(below, "holdfast.yaml");
	writeFileSync(file, await importedConfig(machine, { clan }, "web01.json"));
	const manifest = (await loadMachines(file)).get(machine);
	assert.ok(manifest);
	return manifest;
}

const refused = (clan: object, ...said: RegExp[]) =>
	assert.rejects(imported(clan), (error: HoldfastError) => {
		for (const words of said) assert.match([error.message, ...error.details].join("\n"), words);
		assert.match(String(error.hint), /import it again/);
		return true;
	});

const state = { notes: { folders: ["/srv/notes"] } };
const job = (more: object = {}) => ({ repo: "/srv/borg", encryption: { mode: "none" }, ...more });
const jobs = (of: Record<string, object>) => ({ state, borgbackup: { jobs: of } });

describe("what Clan declares", () => {
	test("two states, providers or targets with one name are refused, with both places", async () => {
		const same = { name: "same", list: "l", create: "c", restore: "r" };
		await refused(
			{
				state: { a: { name: "same", folders: ["/srv/a"] }, b: { name: "same", folders: ["/srv/b"] } },
				providers: { x: same, y: same },
				localbackup: {
					targets: { one: { name: "usb", directory: "/mnt/1" }, two: { name: "usb", directory: "/mnt/2" } },
				},
			},
			/clan\.state\.a and clan\.state\.b have the same name "same"/,
			/clan\.providers\.x and clan\.providers\.y have the same name "same"/,
			/clan\.localbackup\.targets\.one and clan\.localbackup\.targets\.two have the same name "usb"/,
		);
	});

	test("all faults are said at once, before anything is printed", async () => {
		await refused(
			{
				state: { "my.app": { folders: ["/srv/c"] } },
				borgbackup: { jobs: { nas: { repo: "/srv/borg", prune: { keep: { minutely: 3, daily: "many" } } } } },
			},
			/"my\.app" is not a valid name/,
			/the repository needs a passphrase/,
			/prune\.keep\.minutely = 3 has no equivalent/,
			/prune\.keep\.daily = "many" has no equivalent/,
		);
	});

	test("jobs that agree are one provider; jobs that differ are one each, with their own settings", async () => {
		const agreeing = await imported(jobs({ nas: job(), box: job({ repo: "/srv/box" }) }));
		assert.deepEqual(Object.keys(agreeing.providers), ["borgbackup"]);
		const { providers } = await imported(
			jobs({
				nas: job({
					startAt: ["01:00", "13:00"],
					compression: "lz4",
					prune: { keep: { monthly: -1, daily: 7, weekly: 0, last: 3, within: "2w" } },
				}),
				box: job({ startAt: [], compression: "zstd", prune: { keep: { daily: 30 } } }),
				usb: job({ startAt: ["daily"] }),
			}),
		);
		assert.deepEqual(
			Object.entries(providers).map(([name, options]) => [
				name,
				options.schedule,
				Reflect.get(options, "compression"),
				Reflect.get(options, "retention"),
			]),
			[
				[
					"borgbackup-nas",
					["01:00", "13:00"],
					"lz4",
					{ keepLast: 3, keepWithin: "14d", daily: 7, monthly: 1_000_000 },
				],
				["borgbackup-box", false, "zstd", { daily: 30 }],
				["borgbackup-usb", "daily", undefined, undefined],
			],
		);
	});

	test("a list of times is one timer with all of them; no time, no timer", async () => {
		const manifest = await imported(
			jobs({ nas: job({ startAt: ["01:00", "13:00"] }), box: job({ startAt: [] }) }),
		);
		assert.deepEqual(
			jobsOf(manifest).map(({ name, calendar }) => [name, calendar]),
			[
				["create-borgbackup-nas", ["01:00", "13:00"]],
				["check", "Sun *-*-* 05:00:00"],
			],
		);
		const { files } = unitsOf({ manifest, program: "/p", config: "/c", user: false });
		const timer = files.find(({ name }) => name === "holdfast-create-borgbackup-nas.timer");
		assert.match(timer?.text ?? "", /\nOnCalendar=01:00\nOnCalendar=13:00\n/);
	});

	test("a pattern is excluded only if every job excludes it, and nothing keeps such files elsewhere", () => {
		const exclude = ({ state }: ReturnType<typeof fromClan>) =>
			(state.notes as { exclude?: unknown }).exclude;
		const both = { nas: job({ exclude: ["*.pyc", "*.o"] }), box: job({ exclude: ["*.o"] }) };
		assert.deepEqual(exclude(fromClan(jobs({ nas: job({ exclude: ["*.pyc"] }) }))), ["*.pyc"]);
		assert.deepEqual(exclude(fromClan(jobs(both))), ["*.o"]);
		assert.equal(exclude(fromClan(jobs({ ...both, usb: job() }))), undefined);
		const local = { localbackup: { targets: { usb: { directory: "/mnt/usb" } } } };
		assert.equal(exclude(fromClan({ ...jobs(both), ...local })), undefined);
		assert.deepEqual(fromClan(jobs(both)).remarks, [
			"what job nas excludes and other destinations do not is backed up to all of them: *.pyc",
		]);
	});

	test("a pattern does not end the comment that names it, whatever is in it", async () => {
		const ends = ["\n", "\r", "\r\n", "\u0085", "\u2028", "\u2029", "\0"];
		for (const end of ends) {
			const clan = jobs({ nas: job({ exclude: [`*.a${end}x: 1${end}\u202e`] }), box: job() });
			const text = await importedConfig("web01", { clan }, "web01.json");
			const remark = text.split("\n").filter((line) => line.includes("what job nas excludes"));
			assert.match(remark.join("\n"), /^# what job nas .* \*\.a\\\S+x: 1\\\S+$/);
			assert.doesNotMatch(text, /\r|\u0085|\u2028|\u2029|\u202e|^x: 1/m);
			await imported(clan);
		}
	});
});

test("what import prints is valid, or it says why not", async () => {
	const name = fc.oneof(
		fc.constantFrom("a", "b", "same", "my.app", "__proto__", "holdfast", "borgbackup", "localbackup", ""),
		fc.string(),
	);
	const text = fc.oneof(
		fc.constantFrom("", "yes", "1e3", "2026-01-01", "# x", "a: b", "\u0000", "é\u202e"),
		fc.string(),
	);
	const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });
	const folder = fc.oneof(
		fc.constantFrom("/srv/a", "/srv/b", "/", "relative", "/srv/../x"),
		fc.string().map((part) => `/srv/${part}`),
	);
	const number = fc.oneof(fc.integer({ min: -2, max: 40 }), fc.constantFrom("7", "1y", 1.5));
	const map = <T>(of: fc.Arbitrary<T>) => fc.dictionary(name, of, { maxKeys: 3 });
	const anything = fc.anything({ maxDepth: 1 });
	const or = <T>(one: fc.Arbitrary<T>) =>
		fc.oneof({ weight: 9, arbitrary: one as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: anything });
	const clan = fc.record({
		state: map(
			or(
				fc.record({
					name: maybe(name),
					folders: or(fc.array(folder, { maxLength: 3 })),
					preBackupScript: maybe(text),
					stopOnRestore: maybe(fc.array(text, { maxLength: 2 })),
				}),
			),
		),
		providers: maybe(map(or(fc.record({ name: maybe(name), list: text, create: text, restore: text })))),
		borgbackup: maybe(
			fc.record({
				jobs: map(
					or(
						fc.record({
							repo: or(fc.constantFrom("/srv/borg", "borg@nas:.", "")),
							exclude: maybe(fc.array(text, { maxLength: 2 })),
							startAt: maybe(fc.oneof(text, fc.array(text, { maxLength: 2 }), anything)),
							compression: maybe(or(fc.constantFrom("lz4", "auto,zstd"))),
							encryption: maybe(
								fc.record({ mode: or(fc.constantFrom("none", "repokey")), passCommand: maybe(text) }),
							),
							environment: maybe(fc.record({ BORG_RSH: maybe(text), BORG_KEY_FILE: maybe(text) })),
							prune: maybe(
								fc.record({
									keep: fc.dictionary(fc.constantFrom("within", "daily", "monthly", "x"), number),
								}),
							),
						}),
					),
				),
			}),
		),
		localbackup: maybe(
			or(
				fc.record({
					targets: map(or(fc.record({ name: maybe(name), directory: folder }))),
					snapshots: maybe(number),
				}),
			),
		),
	});
	// Of the others, too few are valid to count on.
	const plain = fc.record({
		state: fc.constantFrom("a", "my-app").map((one) => ({ [one]: { folders: ["/srv/a"] } })),
		borgbackup: fc.constant({ jobs: { nas: { repo: "/srv/borg", encryption: { mode: "none" } } } }),
	});
	const some = fc.oneof({ weight: 4, arbitrary: clan }, { weight: 1, arbitrary: plain });
	let valid = 0;
	await fc.assert(
		fc.asyncProperty(some, fc.oneof(fc.constant("web01"), name), async (declared, machine) => {
			try {
				// As JSON has it.
				await imported(JSON.parse(JSON.stringify(declared)), machine);
				valid++;
			} catch (error) {
				assert.ok(error instanceof HoldfastError, String(error));
				assert.match(String(error.hint), /import it again/, error.message);
			}
		}),
		{ numRuns: 1_000 },
	);
	assert.ok(valid > 30, String(valid));
});
