// What earlier runs have left to do at a destination: one that does not answer is asked once for all of them. What answers
// is asked for each, with the config that the run had.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as v from "valibot";
import { providerSchema } from "../../src/engines/list.ts";
import { abandon, leftIn } from "../../src/run/abandon.ts";
import { debtLines } from "../../src/run/debts.ts";
import { Journal } from "../../src/run/journal.ts";
import { tidyUp } from "../../src/run/recover.ts";
import { archiveCreate } from "../../src/steps/archive-create.ts";
import { discard } from "../../src/steps/discard.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("due-elsewhere");
for (const [name, below] of Object.entries({ STATE: "state", RUNTIME: "run", CACHE: "cache" }))
	process.env[`HOLDFAST_${name}_DIR`] = join(folder, below);
process.env.BORG_BASE_DIR = join(folder, "borg");

interface Due {
	readonly run: string;
	readonly provider: string;
	/** The provider's options in that run. */
	readonly options: object;
}

/** A journal of failed runs that each have to look for their archive in a destination `there`. */
function journalOf(all: readonly Due[]): Journal {
	const journal = Journal.open(mkdtempSync(join(folder, "journal-")));
	for (const { run, provider, options } of all) {
		const step = archiveCreate.step({
			...{ id: archiveCreate.id(provider, "there"), title: "write", scope: "there", touches: [] },
			...{ provider, destination: "there", archive: `web01-${run}`, states: {} },
		});
		const providers = { [provider]: v.parse(providerSchema, options) };
		journal.begin({
			...{ version: 1, run, operation: "create", steps: [step], goals: [] },
			manifest: { version: 1, machine: "web01", state: {}, providers },
		});
		journal.leave(run, step);
		journal.end(run, "failed", null);
	}
	return journal;
}

async function tidied(all: readonly Due[]) {
	const journal = journalOf(all);
	try {
		return { faults: (await tidyUp(journal)).faults, left: journal.leftovers().map(({ run }) => run) };
	} finally {
		journal.close();
	}
}

function write(name: string, text: string): string {
	const file = join(folder, name);
	writeFileSync(file, text);
	chmodSync(file, 0o700);
	return file;
}

/** A repository behind a remote shell that ends like this. */
function behind(said: string, repo = "ssh://nobody@192.0.2.1/./repo") {
	const rsh = write(`rsh-${said.length}`, `#!/bin/sh\necho '${said}' >&2\nexit 255\n`);
	return { type: "borgbackup", destinations: { there: { repo, rsh, encryption: "none" } } };
}
const SILENT = "ssh: connect to host 192.0.2.1 port 22: Connection refused";

/** A local repository of borg, opened with this passphrase. */
function locked(repo: string, passphrase: string) {
	const passphraseFile = write(`passphrase-${passphrase}`, `${passphrase}\n`);
	return { type: "borgbackup", destinations: { there: { repo, passphraseFile } } };
}

const archives = join(folder, "archives");
mkdirSync(archives);
const disk = { type: "tar", destinations: { there: { path: archives } } };

test("one that does not answer is asked once, whatever its provider was called", async () => {
	const { faults, left } = await tidied([
		{ run: "r1", provider: "borgbackup", options: behind(SILENT) },
		{ run: "r2", provider: "renamed", options: behind(SILENT) },
		{ run: "r3", provider: "borgbackup", options: behind(SILENT) },
	]);
	assert.deepEqual(left, ["r1", "r2", "r3"]);
	assert.equal(faults.length, 1, faults.join("\n"));
	assert.match(
		faults[0] ?? "",
		/^still to do for run r1: find out whether borgbackup\/there holds web01-r1, which may be incomplete, and the same in ssh:\/\/nobody@192\.0\.2\.1\/\.\/repo for 2 other runs: the connection to ssh:.* port 22: Connection refused: .*[^.]; this is retried before each run\..* --abandon r1,r2,r3$/,
	);
});

test("another location is asked, though it had the same name in its run", async () => {
	const { faults, left } = await tidied([
		{ run: "r1", provider: "main", options: behind(SILENT) },
		{ run: "r2", provider: "main", options: disk },
		{ run: "r3", provider: "main", options: behind(SILENT, "ssh://nobody@192.0.2.1/./other") },
	]);
	assert.deepEqual(left, ["r1", "r3"]);
	assert.equal(faults.length, 2, faults.join("\n"));
	for (const fault of faults) assert.match(fault, /^still to do for run/);
});

test("one that answers is asked for each run: a passphrase may be wrong in one of them alone", async () => {
	const repo = join(folder, "repo");
	const env = { ...process.env, BORG_PASSPHRASE: "right" };
	execFileSync("borg", ["init", "--encryption=repokey", repo], { env, stdio: "ignore" });
	const { faults, left } = await tidied([
		{ run: "r1", provider: "main", options: locked(repo, "wrong") },
		{ run: "r2", provider: "main", options: locked(repo, "right") },
		{ run: "r3", provider: "main", options: locked(repo, "wrong") },
	]);
	assert.deepEqual(left, ["r1", "r3"]);
	assert.equal(faults.length, 1, faults.join("\n"));
	assert.match(faults[0] ?? "", /for 1 other run: the passphrase of .* is wrong.* --abandon r1,r3$/);
});

test("one that takes too long is asked once [long]", { timeout: 60_000 }, async () => {
	const rsh = write("rsh-slow", "#!/bin/sh\nexec sleep 100\n");
	const repo = "ssh://nobody@192.0.2.1/./slow";
	const options = { type: "borgbackup", destinations: { there: { repo, rsh, encryption: "none" } } };
	const { faults } = await tidied([
		{ run: "r1", provider: "main", options },
		{ run: "r2", provider: "main", options },
	]);
	assert.equal(faults.length, 1, faults.join("\n"));
	assert.ok(faults[0]?.includes(`the same in ${repo} for 1 other run`), faults[0]);
});

test("status tells of them, a line for each destination, and they are given up by its name", async () => {
	const journal = journalOf([
		{ run: "r1", provider: "main", options: disk },
		{ run: "r2", provider: "main", options: disk },
		{ run: "r3", provider: "old", options: disk },
	]);
	try {
		const [main = "", old = "", ...more] = debtLines(journal, undefined, ["main/there"]);
		assert.deepEqual(more, []);
		assert.match(main, /run r1 and 1 other wrote to main\/there is whole .*--abandon main\/there\)$/);
		assert.match(old, /run r3 wrote to old\/there, which is no longer in the config, is whole/);
		assert.deepEqual(
			leftIn(journal, ["main/there"]).map(({ run }) => run),
			["r1", "r2"],
		);
	} finally {
		journal.close();
	}
});

test("what is given up by a destination's name is what is left there: not the run's rest, and no run that is open", () => {
	const journal = journalOf([{ run: "r1", provider: "main", options: disk }]);
	try {
		const at = (destination: string) =>
			archiveCreate.step({
				...{ id: archiveCreate.id("main", destination), title: "write", scope: destination, touches: [] },
				...{ provider: "main", destination, archive: "web01-r2", states: {} },
			});
		const drop = discard.step({
			...{ id: "tidy", title: "delete the old copy", scope: "there", touches: [] },
			...{ areas: [] },
		});
		const providers = { main: v.parse(providerSchema, disk) };
		journal.begin({
			...{ version: 1, run: "r2", operation: "create", steps: [at("there"), at("usb"), drop], goals: [] },
			manifest: { version: 1, machine: "web01", state: {}, providers },
		});
		for (const step of [at("there"), at("usb"), drop]) journal.leave("r2", step);
		for (const left of leftIn(journal, ["main/there"])) {
			assert.match(left.lines.join("\n"), /^still to do: find out whether main\/there holds [^\n]*$/);
			abandon(journal, left);
		}
		assert.deepEqual(
			journal.leftovers().map(({ run, step }) => [run, step]),
			[
				["r2", "create:main/usb"],
				["r2", "tidy"],
			],
		);
		assert.deepEqual(
			journal.open().map(({ run }) => run),
			["r2"],
		);
	} finally {
		journal.close();
	}
});
