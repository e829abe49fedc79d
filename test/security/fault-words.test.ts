// A service chooses the names of its files, and engines print them: what the user is told about a failure, and what the program
// does about it, never depends on such a name.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { after, describe, test } from "node:test";
import { requireStatements } from "../../src/databases/mariadb/statement.ts";
import { says } from "../../src/databases/mariadb/temporary.ts";
import { type BorgMessage, faultOf as borgFault } from "../../src/engines/borgbackup/faults.ts";
import { rsyncDiskError, tarDiskError } from "../../src/engines/disk-error.ts";
import { openFolder } from "../../src/host/folder.ts";
import { restoreInto } from "../../src/steps/work/restore-into.ts";
import { HoldfastError, reportOf } from "../../src/values/error.ts";
import { ENGINES, openLocalbackup, setUpEngines } from "../engines/engines.ts";
import { intoFolder, metadataOf, quiet } from "../engines/fixtures.ts";
import { scratch } from "../support/scratch.ts";
import { factsOf } from "../support/tree.ts";
import { FAULT_NAMES } from "./fault-names.ts";

const folder = scratch("fault-words");
setUpEngines(folder);

/** What borg prints of a path that is not in an archive has quotes around it. */
const namesIn = (source: string) => [...FAULT_NAMES, `'${source.slice(1)}' never matched`];

const NO_OUTPUT = {
	killedBy: null,
	timedOut: false,
	stoodStill: false,
	leftProcesses: false,
	stdout: [],
	stderr: [],
};

for (const engine of ENGINES)
	describe(`${engine.name}: files that are named like its own words`, () => {
		const setUp = async () => {
			const at = mkdtempSync(join(folder, `${engine.name}-`));
			const source = join(at, "source");
			for (const name of namesIn(source)) {
				mkdirSync(dirname(join(source, name)), { recursive: true });
				writeFileSync(join(source, name), "content");
			}
			const destination = engine.open(at);
			const roots = [{ path: source, exclude: [] }];
			const { unreadable } = await destination.create(
				{ name: "a", roots, metadata: metadataOf("a") },
				true,
				quiet,
			);
			assert.deepEqual(unreadable, []);
			return { at, source, destination };
		};

		test("they are stored, checked and restored like any other", async () => {
			const { at, source, destination } = await setUp();
			assert.deepEqual(await destination.check(true, quiet), []);
			mkdirSync(join(at, "into"));
			await destination.restore("a", [source], intoFolder(join(at, "into")), quiet);
			assert.deepEqual(factsOf(join(at, "into") + source), factsOf(source));
		});

		test("a restore that cannot write them says that it failed, and no more", async () => {
			const { at, source, destination } = await setUp();
			const into = join(at, "into");
			// A folder that is not empty stands where each file would be written.
			for (const name of namesIn(source)) {
				mkdirSync(join(into + source, name), { recursive: true });
				writeFileSync(join(into + source, name, "in the way"), "");
			}
			const said: string[] = [];
			const work = { ...quiet, log: (line: string) => void said.push(line) };
			const began = performance.now();
			using target = openFolder(into);
			await assert.rejects(
				restoreInto(
					destination,
					{ archive: "a", paths: [source] },
					intoFolder(into),
					{ folder: target, path: into },
					work,
				),
				(error) => {
					const { code, message } = reportOf(error);
					assert.ok(code === "program-failed" || code === "archive-damaged", `${code}: ${message}`);
					return true;
				},
			);
			assert.ok(!said.some((line) => line.includes("trying again")), said.join("\n"));
			assert.ok(performance.now() - began < 60_000);
		});

		const { damage } = engine;
		if (damage)
			test("a check of damaged copies of them reports the damage, and does not fail", async () => {
				const { at, destination } = await setUp();
				damage(at, "a");
				assert.ok((await destination.check(true, quiet)).length > 0);
			});
	});

test("rsync and tar say at the end of a line what is wrong with a disk", () => {
	const full = "No space left on device";
	assert.equal(rsyncDiskError(`rsync: [receiver] write failed on "/a": ${full} (28)`), "ENOSPC");
	assert.equal(rsyncDiskError('rsync: [generator] mkdir "/a" failed: Read-only file system (30)'), "EROFS");
	assert.equal(
		rsyncDiskError(`rsync: [sender] send_files failed to open "/${full}": Permission denied (13)`),
		undefined,
	);
	assert.equal(rsyncDiskError(`file has vanished: "/x: ${full} (28)"`), undefined);
	assert.equal(rsyncDiskError(`cannot delete non-empty directory: x: ${full} (28)`), undefined);
	assert.equal(tarDiskError(`tar: srv/a: Cannot write: ${full}`), "ENOSPC");
	assert.equal(tarDiskError(`tar: srv/x: ${full}: Cannot open: File exists`), undefined);
});

test("borg is out of space if a traceback of it or its message's id says so", () => {
	const repo = { repo: "/repo" };
	const ended = { ...NO_OUTPUT, code: 2 };
	const fault = (...messages: Partial<BorgMessage>[]) =>
		borgFault(
			repo,
			messages.map((one) => ({ type: "log_message", levelname: "ERROR", ...one })),
			[],
			ended,
		).code;
	const traceback = (last: string) => ({
		message: `Traceback (most recent call last):\n  File "x"\n${last}\n\nPlatform: x`,
	});
	const exception = { msgid: "Exception", message: "Local Exception" };
	assert.equal(fault(exception, traceback("OSError: [Errno 28] No space left on device")), "disk-full");
	assert.equal(
		fault(exception, traceback("OSError: [Errno 30] Read-only file system: '/repo/x'")),
		"disk-read-only",
	);
	assert.equal(
		fault({
			msgid: "LockFailed",
			message: "Failed to create/acquire the lock /repo/lock ([Errno 30] Read-only file system: '/repo').",
		}),
		"disk-read-only",
	);
	assert.equal(
		fault({ msgid: "Repository.InsufficientFreeSpaceError", message: "Insufficient free space" }),
		"disk-full",
	);
	const name = "x\nOSError: [Errno 28] No space left on device\nOSError: [Errno 30] Read-only file system";
	assert.equal(fault({ message: `a: ${name}: New missing file chunk detected` }), "program-failed");
	assert.equal(
		fault(exception, traceback(`FileExistsError: [Errno 17] File exists: '${JSON.stringify(name)}'`)),
		"program-failed",
	);
});

test("MariaDB: the number of an error is where the client prints it, and not in a text that it quotes", async () => {
	const quoted = "ERROR 1295 (HY000) at line 1: x";
	const inOne = `ERROR 1064 (42000) at line 4: You have an error in your SQL syntax near '${quoted}, ERROR 1142 (42000)'`;
	const never = () => Promise.reject(new Error("nothing else is asked"));
	const asked = { faults: async () => [inOne], sql: never, script: never };
	const parsed = requireStatements(asked, "app", [{ sqlMode: "", statement: quoted }]);
	await assert.rejects(parsed, { code: "database-failed" });
	const details = ["ERROR 1064 (42000) at line 4: You have an error in your SQL syntax near '", `${quoted}'`];
	const error = new HoldfastError("database-failed", "could not make it", { details });
	assert.equal(says(error, /^ERROR 1295 \(/), false);
	assert.equal(says(error, /^ERROR 1064 \(/), true);
});

test("localbackup: a socket that is named like an error is not one", async () => {
	const at = mkdtempSync(join(folder, "socket-"));
	const source = join(at, "source");
	mkdirSync(source);
	const path = join(source, "error: Cannot open");
	const server = createServer().listen(path);
	after(() => server.close());
	await new Promise((resolve) => server.on("listening", resolve));
	execFileSync("test", ["-S", path]);
	const destination = openLocalbackup(at);
	const roots = [{ path: source, exclude: [] }];
	await destination.create({ name: "a", roots, metadata: metadataOf("a") }, true, quiet);
	assert.deepEqual(await destination.check(true, quiet), []);
});
