// Runs that are interrupted by SIGINT or SIGTERM, or killed by SIGKILL. No incomplete archive is ever listed, what
// was stopped is reported, and the next run starts cleanly.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("signals");

const ENGINES = {
	tar: (place: Place) => ({ tar: { destinations: { disk: { path: place.path("archives") } } } }),
	borgbackup: (place: Place) => ({
		borgbackup: { destinations: { disk: { repo: place.path("repo"), encryption: "none" } } },
	}),
};

for (const [engine, providers] of Object.entries(ENGINES)) {
	describe(`a create on ${engine} that is ended in the middle`, () => {
		const placeWithData = () => {
			const place = new Place(folder);
			mkdirSync(place.path("data"));
			for (let file = 0; file < 40; file++)
				writeFileSync(place.path("data", String(file)), randomBytes(1_000_000));
			place.declare({
				state: {
					data: {
						folders: [place.path("data")],
						hooks: {
							preBackup: `echo began >>${place.path("log")}`,
							postBackup: `echo ended >>${place.path("log")}`,
						},
					},
				},
				providers: providers(place),
			});
			return place;
		};
		const listed = async (place: Place) => {
			const { stdout } = await place.holdfast("list", "--json");
			return (JSON.parse(stdout).archives ?? []) as { id: string }[];
		};

		for (const signal of ["SIGINT", "SIGTERM"] as const) {
			test(`by ${signal}: exit code 130, nothing listed, the next one works${signal === "SIGTERM" ? " [long]" : ""}`, async () => {
				const place = placeWithData();
				const { child, ended } = place.start(["create"]);
				while (!existsSync(place.path("log"))) await pause(10);
				await pause(50);
				child.kill(signal);
				await pause(5);
				child.kill(signal);
				const { code, stderr } = await ended;
				assert.equal(code, 130, stderr);
				assert.match(stderr, /interrupted: run/);
				assert.equal((await listed(place)).length, 0);
				const next = await place.holdfast("create");
				assert.equal(next.code, 0, next.stderr);
			});
		}

		for (const [first, tier] of [engine === "tar" ? "" : " [long]", " [long]"].entries())
			test(`by SIGKILL, at many moments: only whole archives are listed, the next run recovers${tier}`, async () => {
				const place = placeWithData();
				const begun = () =>
					existsSync(place.path("log")) ? readFileSync(place.path("log"), "utf8").split("began").length : 1;
				const made = await place.holdfast("create");
				assert.equal(made.code, 0, made.stderr);
				const restored = new Set<string>();
				const moments = engine === "tar" ? 14 : 8;
				// A share of the time after it has started work; the time before that depends on the machine.
				const whole = engine === "tar" ? 700 : 1_600;
				for (let moment = first; moment < moments; moment += 2) {
					// New data, so that a deduplicating engine has something to write.
					writeFileSync(place.path("data", "new"), randomBytes(8_000_000));
					const before = begun();
					const { child, ended } = place.start(["create", "--quiet"]);
					while (moment > 0 && begun() === before && child.exitCode === null) await pause(5);
					await pause((whole * moment) / moments);
					child.kill("SIGKILL");
					await ended;
					for (const { id } of await listed(place)) {
						if (restored.has(id)) continue;
						restored.add(id);
						const { code, stderr } = await place.holdfast("restore", "--yes", "--quiet", engine, id);
						assert.equal(code, 0, `${id}: ${stderr}`);
					}
				}
				const next = await place.holdfast("create");
				assert.equal(next.code, 0, next.stderr);
				const runs = JSON.parse((await place.holdfast("runs", "--json")).stdout) as {
					outcome: string | null;
				}[];
				assert.ok(runs.every(({ outcome }) => outcome !== null));
				assert.ok(
					runs.some(({ outcome }) => outcome === "recovered"),
					"at least one was killed in the middle",
				);
				assert.deepEqual(
					readdirSync(place.folder).filter((name) => name.startsWith(".holdfast")),
					[],
				);
				assert.deepEqual(readdirSync(place.path("state/spool")), []);
			});
	});
}

for (const signal of ["HUP", "INT", "TERM"])
	test(`a recovery that is sent SIG${signal} comes to its end`, async () => {
		const place = new Place(folder);
		place.write("data/file", "old");
		place.declare({ state: { data: { folders: [place.path("data")] } } });
		assert.equal((await place.holdfast("create")).code, 0);
		place.write("data/file", "newer");
		const faulty = (fault: string) => [
			"env",
			`HOLDFAST_FAULT=${fault}`,
			"HOLDFAST_FAULT_COMMAND=kill -$SIGNAL $PPID; sleep 0.3",
		];
		await place.start(["restore", "--yes", "tar", "latest"], faulty("kill@place:data:0#after")).ended;
		const wrapper = [...faulty("run@place:data:0#back"), `SIGNAL=${signal}`];
		const { stderr } = await place.start(["recover"], wrapper).ended;
		assert.match(stderr, /recovered: run/);
		assert.equal(readFileSync(place.path("data/file"), "utf8"), "newer");
		assert.match((await place.holdfast("runs")).stdout, /restore .* recovered/);
	});

/** A hook that reports that it has started, and waits for a signal to continue. */
const busy = (place: Place) =>
	`touch ${place.path("busy")}; until [ -e ${place.path("go-on")} ]; do sleep 0.05; done`;

test("signals that are meant for something else end no run", async () => {
	const place = new Place(folder);
	place.write("data/file", "x");
	place.declare({ state: { data: { folders: [place.path("data")], hooks: { preBackup: busy(place) } } } });
	const { child, ended } = place.start(["create"]);
	while (!existsSync(place.path("busy"))) await pause(10);
	for (const signal of ["SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPWR", "SIGXCPU", "SIGIO"] as const)
		child.kill(signal);
	await pause(500);
	place.write("go-on", "");
	const { code, stderr } = await ended;
	assert.equal(code, 0, stderr);
	assert.doesNotMatch(stderr, /Debugger/);
});

test("a second run meanwhile ends with exit code 4 and says who holds the lock", async () => {
	const place = new Place(folder);
	place.write("data/file", "x");
	place.declare({ state: { data: { folders: [place.path("data")], hooks: { preBackup: busy(place) } } } });
	const { child, ended } = place.start(["create"]);
	while (!existsSync(place.path("busy"))) await pause(10);
	const { code, stderr } = await place.holdfast("create");
	place.write("go-on", "");
	assert.equal(code, 4, stderr);
	assert.match(
		stderr,
		new RegExp(
			`another run is active on this machine: holdfast create web01 \\(process ${child.pid}\\), since 20`,
		),
	);
	assert.equal((await ended).code, 0);
});
