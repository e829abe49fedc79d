// A compromised machine of the fleet answers whatever it likes. The operator's command continues with the other
// machines, reports what that one did, and uses little memory; nothing in the answers is more than text.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { lineOf } from "../../src/fleet/protocol.ts";
import { fleetTable, whatOf } from "../../src/report/text/fleet.ts";
import { linesOf } from "../../src/report/text/lines.ts";
import { follower } from "../../src/report/text/live.ts";
import type { RunEvent } from "../../src/run/event.ts";
import { fleetOf, type Told } from "../support/fleet.ts";
import { ESCAPES } from "../support/liar.ts";
import { scratch } from "../support/scratch.ts";

const MEGABYTES = 150;
/** How long a machine may take here, if some never answer and if all never answer. */
const SHORT = { HOLDFAST_ANSWER_SECONDS: "4" };
const LONG = { HOLDFAST_ANSWER_SECONDS: "20" };

/** By behaviour (support/liar.ts): the message about it. */
const ANSWERS: Readonly<Record<string, RegExp>> = {
	nullist: /sent an invalid answer \(archives: expected a list, found nothing\)/,
	mistyped: /sent an invalid answer \(archives\.0\.id: expected a text, found 5\)/,
	scalar: /sent an invalid answer \(expected a map, found 17\)/,
	garbage: /did not answer/,
	nagging: /✘/,
	impostor: /answered for another machine, "honest"/,
	endless: /sent more than 6 MiB/,
	deep: /answered with values nested more than 50 levels deep/,
	many: /answered with more than 300000 values/,
	complaining: /sent more than 16 MiB of messages/,
	grumbling: /sent more than 16 MiB of messages/,
	babbling: /printed more than 1024 KiB before anything else/,
	fluent: /printed more than 1024 KiB before anything else/,
	// What reads like ssh's own words.
	frightening: /✘ ssh to frightening \(frightening\) ended with exit code 255/,
	refusing: /✘ ssh to refusing \(refusing\) ended with exit code 255/,
};
const NEVER: Readonly<Record<string, RegExp>> = {
	silent: /has not answered within 4 seconds/,
	mute: /accepted the login and ran no Holdfast for 4 seconds/,
	dripping: /has not answered within 4 seconds|sent more than 6 MiB/,
};
/** Those whose answers can be shown. */
const SHOWN = ["colourful", "plentiful", "scolding", "boasting"];
/** Their answers are as large as a machine's may be: together, they do not fit into the memory of the process. */
const many = (name: string) => Array.from({ length: 12 }, (_, index) => `${name}-${index}`);
const MANY = many("plentiful");
const CLINGING = many("clinging");
const RUNS = ["lying", "odd", "shouting", "lingering", "flooding", "numbering", "lasting"];

const fleet = await fleetOf(scratch("fleet"), [
	...Object.keys(ANSWERS),
	...Object.keys(NEVER),
	...SHOWN,
	...MANY,
	...CLINGING,
	...RUNS,
]);

/** No control characters except line ends, and nothing that reverses or hides text. */
const assertTame = (text: string) => assert.doesNotMatch(text, /[^\P{Cc}\n]|[\p{Cf}\u2028\u2029]/u);

/** And no additional lines. */
function assertHarmless(text: string): void {
	assertTame(text);
	assert.doesNotMatch(text, /^✔ all is well/m);
}

function assertSaid({ stderr }: Told, words: Readonly<Record<string, RegExp>>): void {
	for (const [name, one] of Object.entries(words)) {
		const lines = stderr.split("\n").filter((line) => line.startsWith(`${name}: `));
		assert.match(lines.join("\n"), one, `${name}: ${lines.join("\n")}`);
	}
}

test("list goes on with the honest machine, and says of each other one what it did", async () => {
	const names = [...Object.keys(ANSWERS), "colourful", "scolding", "boasting", "honest"];
	const told = await fleet.holdfast(["list", ...names], { env: LONG });
	assert.equal(told.code, 3, told.stderr);
	assert.match(told.stdout, /^honest .* notes /m);
	assertSaid(told, ANSWERS);
	assertHarmless(told.stdout + told.stderr);
	// Sixteen of them at once.
	assert.ok(told.megabytes < MEGABYTES, `${told.megabytes} MB`);
	assert.ok(told.seconds < 60, `${told.seconds} s`);
	const nagged = await fleet.holdfast(["list", "nagging"]);
	assert.equal(nagged.code, 1);
	assert.ok(nagged.stderr.length < 10_000, nagged.stderr);
	const plenty = await fleet.holdfast(["list", "plentiful", "honest"], { env: LONG });
	assert.equal(plenty.code, 0, plenty.stderr);
	assert.ok(plenty.megabytes < MEGABYTES, `${plenty.megabytes} MB`);
});

test("many machines with large answers need no more memory than one [long]", async () => {
	for (const [words, machines] of [
		[["list"], MANY],
		[["list", "--json"], MANY.slice(0, 4)],
		[["status"], MANY.slice(0, 4)],
	] as const) {
		const options = { env: LONG, keepBytes: 200_000_000 };
		const told = await fleet.holdfast([...words, ...machines, "honest"], options);
		assert.equal(told.code, words[0] === "status" ? 1 : 0, told.stderr);
		assert.match(told.stdout, /^honest .* notes |"machine":"honest"|✔ +honest +notes/m, words.join(" "));
		for (const machine of machines) assert.match(told.stdout, new RegExp(`\\b${machine}\\b`));
		assert.ok(told.megabytes < MEGABYTES, `${words.join(" ")}: ${told.megabytes} MB`);
	}
});

test("nobody waits for ever, and what comes byte by byte is no larger for it", async () => {
	const told = await fleet.holdfast(["list", ...Object.keys(NEVER), "honest"], { env: SHORT });
	assert.equal(told.code, 3, told.stderr);
	assert.match(told.stdout, /^honest .* notes /m);
	assertSaid(told, NEVER);
	assert.ok(told.megabytes < MEGABYTES, `${told.megabytes} MB`);
	assert.ok(told.seconds < 20, `${told.seconds} s`);
});

test("what such a machine answers stays valid JSON, and harmless, for programs", async () => {
	const told = await fleet.holdfast(["list", "colourful", "honest", "--json"]);
	const { archives } = JSON.parse(told.stdout);
	assert.deepEqual(
		archives.map(({ machine }: { machine: string }) => machine),
		["colourful", "honest"],
	);
	assert.equal(archives[0].id, ESCAPES, "the value is what it was");
	assertHarmless(told.stdout + told.stderr);
});

test("status goes on as well", async () => {
	const told = await fleet.holdfast(["status", "nullist", "impostor", "garbage", "honest"]);
	assert.equal(told.code, 3);
	assert.match(told.stdout, /✔ +honest +notes/);
	for (const name of ["nullist", "impostor", "garbage"])
		assert.match(told.stderr, new RegExp(`^${name}: ✘`, "m"));
});

test("a command that is passed on shows lines, and no more", async () => {
	const text = await fleet.holdfast(["runs", "--on", "colourful"]);
	assertTame(text.stdout + text.stderr);
	const scolded = await fleet.holdfast(["runs", "--on", "scolding"]);
	assertTame(scolded.stdout + scolded.stderr);
	assert.equal(scolded.code, 1, "77 is no exit code of ours");
	const json = await fleet.holdfast(["runs", "--json", "--on", "garbage"]);
	assert.equal(json.code, 1);
	assert.match(JSON.parse(json.stdout).error.message, /the output of garbage is not JSON/);
	const endless = await fleet.holdfast(["runs", "--on", "endless"]);
	assert.match(endless.stderr, /no valid answer from endless: it sent a line of more than 1024 KiB/);
	assert.ok(endless.megabytes < MEGABYTES, `${endless.megabytes} MB`);
});

test("a run there says nothing but what a run can say", async () => {
	const told = await fleet.holdfast(["create", "lying", "odd", "shouting", "honest"], { env: LONG });
	assert.equal(told.code, 3, told.stderr);
	assert.match(told.stdout, /^honest +done/m);
	assert.match(
		told.stderr,
		/^lying: ✘ no valid answer from lying: it answers for another machine, "honest"/m,
	);
	assert.match(told.stderr, /^odd: ! skipped an invalid message of odd: step-done: seconds/m);
	assert.match(told.stderr, /^odd: ✘ it ended with exit code 4711/m);
	assertHarmless(told.stdout + told.stderr);
	const json = await fleet.holdfast(["create", "shouting", "honest", "--json"]);
	for (const line of json.stdout.trim().split("\n")) assert.ok(JSON.parse(line).machine);
	assertHarmless(json.stdout);
});

test("a run that never ends holds nobody up, and two Ctrl-C leave it", async () => {
	const names = ["flooding", "numbering", "lasting", "honest"];
	const told = await fleet.holdfast(["create", ...names], {
		env: LONG,
		meanwhile: (child) => {
			let heard = "";
			child.stderr?.on("data", (text: string) => {
				heard += text;
				if (!/honest: done/.test(heard) || child.killed) return;
				// Wait for some of its flood.
				setTimeout(() => child.kill("SIGINT"), 2_000);
				setTimeout(() => child.kill("SIGINT"), 2_500);
				heard = "";
			});
		},
	});
	assert.equal(told.code, 130, told.stderr);
	assert.match(told.stdout, /^honest +done/m);
	assert.match(
		told.stderr,
		/disconnected from lasting before its run had ended.*\n.*holdfast attach lasting/,
	);
	assert.ok(told.megabytes < MEGABYTES, `${told.megabytes} MB`);
	assert.ok(told.seconds < 30, `${told.seconds} s`);
});

test("a session that does not end after its run holds nobody up", async () => {
	const told = await fleet.holdfast(["create", "lingering", "honest"], { env: SHORT });
	assert.equal(told.code, 3, told.stderr);
	assert.match(told.stdout, /^honest +done/m);
	assert.match(
		told.stderr,
		/^lingering: ✘ lingering reported the end of the run, but its holdfast has not ended after 4 seconds\n.*holdfast runs show 2\S+ --on lingering/m,
	);
	assert.ok(told.seconds < 30, `${told.seconds} s`);
});

test("many runs with large results, whose sessions stay open, need little memory [long]", async () => {
	const told = await fleet.holdfast(["create", ...CLINGING, "honest"], { env: LONG });
	assert.equal(told.code, 0, told.stderr);
	assert.match(told.stdout, /^clinging-11 +done +1\.0 s +19000 archives/m);
	assert.ok(told.megabytes < MEGABYTES, `${told.megabytes} MB`);
	assert.ok(told.seconds < 40, `${told.seconds} s`);
});

test("one Ctrl-C ends a question that is never answered, and shows what the others said", async () => {
	const interrupted = (after: number) =>
		fleet.holdfast(["list", "silent", "honest"], {
			meanwhile: (child) => setTimeout(() => child.kill("SIGINT"), after),
		});
	let told = await interrupted(2_500);
	// On a busy machine, the others take longer.
	for (let after = 5_000; !told.stdout.includes("honest") && after < 60_000; after *= 2)
		told = await interrupted(after);
	assert.equal(told.code, 130, told.stderr);
	assert.match(told.stdout, /^honest .* notes /m);
	assert.match(told.stderr, /silent: ✘ interrupted before it answered/);
});

test("what passes for an event can be shown, whatever it holds", () => {
	const error = { message: "m", hint: "h", details: ["d"] };
	const result = { warnings: ["w"], keptUntil: "u", keptIn: ["k"], archive: "a", bytes: 1 };
	const whole: Readonly<Record<string, unknown>> = {
		v: 1,
		time: "2026-11-24T01:00:00Z",
		run: "2026-11-24T010000Z-k3x9",
		operation: "create",
		machine: "web01",
		steps: [{ id: "a", kind: "hook", title: "t", scope: "s" }],
		step: "a",
		title: "t",
		scope: "s",
		line: "l",
		reason: "r",
		seconds: 1,
		bytes: 1,
		error,
		result,
		outcome: "done",
		failures: [{ scope: "s", error }],
		results: { a: result },
		left: ["l"],
	};
	const types = [
		"run-started",
		"step-started",
		"step-progress",
		"step-log",
		"step-done",
		"step-failed",
		"scope-failed",
	];
	const more = ["step-skipped", "undo-started", "undo-done", "undo-failed", "run-ended", "ended", "greeting"];
	for (const type of [...types, ...more].filter((one) => one !== "ended" && one !== "greeting"))
		assert.ok("run" in (lineOf({ ...whole, type }) as object), `an honest ${type} passes`);
	const long = `stop ${"x".repeat(20_000)}.service`;
	const started = lineOf({
		...whole,
		type: "run-started",
		steps: [{ id: "a", kind: "hook", title: long, scope: "s" }],
	});
	assert.match(JSON.stringify(started), /"stop x+…x+\.service"/, "a title of any length passes, and is cut");
	const changes = fc.dictionary(fc.constantFrom(...Object.keys(whole)), fc.jsonValue({ maxDepth: 3 }));
	fc.assert(
		fc.property(fc.constantFrom(...types, ...more), changes, fc.jsonValue(), (type, changed, any) => {
			lineOf(any);
			const line = lineOf({ ...whole, ...changed, type });
			if (line === undefined || "fault" in line || !("run" in line)) return;
			const event = line as RunEvent;
			const run = follower();
			for (let step = 0; step < 300; step++)
				run.follow("step" in event ? { ...event, step: `${step}` } : event);
			assert.ok(run.steps(80).length <= 200);
			for (const text of [...linesOf(event, false), ...linesOf(event, true), run.summary(80), run.clock()])
				assert.equal(typeof text, "string");
			if (event.type !== "run-ended") return;
			fleetTable([{ machine: "web01", code: 0, end: { ...event, what: whatOf(event) } }]);
		}),
		{ numRuns: Number(process.env.HOLDFAST_ROUNDS ?? 500) },
	);
});
