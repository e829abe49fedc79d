// Scripts rely on the table of error codes: each code in it is thrown somewhere, and each code that is thrown is in
// it.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { answerOf, listedSchema } from "../../src/fleet/answers.ts";
import { lineOf } from "../../src/fleet/protocol.ts";
import { errorOf, exitOf, HoldfastError, reportOf, withSubject } from "../../src/values/error.ts";
import { ERROR_CODES, EXIT, exitOfCode } from "../../src/values/error-codes.ts";

const SRC = join(import.meta.dirname, "../../src");
const sources = globSync("**/*.ts", { cwd: SRC })
	.filter((file) => file !== "values/error-codes.ts")
	.map((file) => readFileSync(join(SRC, file), "utf8"));

test("every code that is thrown is in the table", () => {
	const thrown = sources.flatMap((text) => [
		...text.matchAll(/new (?:HoldfastError|DestinationAbsent|\w+Fault)\(\s*(?:[^,"]*\? *)?"([a-z-]+)"/g),
	]);
	assert.ok(thrown.length > 200, "the errors of the sources are found");
	for (const [, code = ""] of thrown) assert.ok(Object.hasOwn(ERROR_CODES, code), code);
});

test("every code of the table is thrown", () => {
	const all = sources.join("\n");
	for (const code of Object.keys(ERROR_CODES)) assert.ok(all.includes(`"${code}"`), code);
});

test("a report has the code, and so has the error that is made of it elsewhere", () => {
	const error = new HoldfastError("archive-not-found", "there is no archive x", {
		subject: "x",
		hint: "look",
		details: ["one"],
	});
	const report = reportOf(error);
	assert.deepEqual(Object.keys(report), ["code", "subject", "message", "hint", "details"]);
	assert.deepEqual(reportOf(errorOf(report)), report);
	assert.equal(exitOf(errorOf(report)), EXIT.usage);
	assert.equal(exitOf(errorOf(report, "failed")), EXIT.failed);
	assert.equal(
		reportOf(Object.assign(new Error("x"), { syscall: "write", code: "ENOSPC" })).code,
		"disk-full",
	);
});

test("an error that is about one thing says which: the type requires it, and a path of the system's is taken", () => {
	// @ts-expect-error
	assert.equal(new HoldfastError("unit-failed", "notes.service failed").subject, undefined);
	for (const code of ["failed", "usage", "locked"] as const)
		assert.equal(reportOf(new HoldfastError(code, "x")).subject, undefined);
	const open = (path: string) => Object.assign(new Error("x"), { syscall: "open", code: "EACCES", path });
	assert.equal(reportOf(open("/srv/notes")).subject, "/srv/notes");
	assert.equal("subject" in reportOf(open("/proc/self/fd/7/notes")), false);
	const error = new HoldfastError("database-failed", "no");
	withSubject(withSubject(error, "notes"), "other");
	assert.equal(error.subject, "notes");
});

test("a message between machines keeps the code; one of 0.1.0 has none", () => {
	const ended = (error: object) => lineOf({ type: "ended", code: 2, error });
	const told = { code: "archive-not-found", subject: "x", message: "no" };
	assert.deepEqual(ended(told), { type: "ended", code: 2, error: told });
	assert.deepEqual(ended({ message: "no" }), { type: "ended", code: 2, error: { message: "no" } });
	assert.equal(errorOf({ message: "no" }, "locked").code, "locked");
	assert.equal(errorOf({ code: "of-a-newer-version", message: "no" }).code, "of-a-newer-version");
});

test("the codes of 0.1.0, which were the exit codes' names, still mean the same", () => {
	for (const [name, exit] of Object.entries(EXIT)) {
		if (name === "done" || name === "partial") continue;
		assert.equal(EXIT[exitOfCode(name)], exit, name);
	}
	assert.equal(exitOfCode("constructor"), "failed");
	// No error had these: they would make a failure look like a success.
	for (const name of ["done", "partial"]) assert.equal(exitOfCode(name), "failed", name);
	assert.equal(exitOfCode(undefined), "failed");
});

test("an error from another machine never ends a command with 0 or 3", () => {
	const address = { machine: "web01", host: "web01", sudo: false };
	for (const code of ["done", "partial", "0", "anything", "locked"]) {
		const exit = code === "locked" ? EXIT.locked : EXIT.failed;
		const answer = JSON.stringify({ error: { code, message: "no" } });
		const read = () => answerOf(address, listedSchema, answer, { code: 0, stderr: [] });
		assert.throws(read, (error) => exitOf(error) === exit, code);
		for (const ended of [EXIT.done, EXIT.partial])
			assert.deepEqual(lineOf({ type: "ended", code: ended, error: { code, message: "no" } }), {
				type: "ended",
				code: exit,
				error: { code, message: "no" },
			});
	}
});
