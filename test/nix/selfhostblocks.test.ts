// SelfHostBlocks' contracts, following its own tests: modules/contracts/{backup,databasebackup}/test.nix of
// ibizaman/selfhostblocks, August 2026. The module's scripts run with the real program; systemd and PostgreSQL are
// replaced by commands of the test.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { evaluate, noNix } from "./evaluate.ts";

const NOBODY = 65534;
const folder = scratch("nix-contracts");
const HOLDFAST = join(import.meta.dirname, "../../bin/holdfast");

describe("SelfHostBlocks' contracts", { skip: noNix }, () => {
	let place: Place;
	let evaluated: ReturnType<typeof evaluate>;

	before(() => {
		chmodSync(folder, 0o755);
		place = new Place(folder);
		chmodSync(place.folder, 0o755);
		const module = place.write(
			"contracts.nix",
			`{
				services.holdfast.enable = true;
				# An archive that lies in two destinations is one snapshot; a path may hold what an id may not.
				services.holdfast.providers.tar.destinations.disk.path = "${place.path("a +disk")}";
				services.holdfast.providers.tar.destinations.usb.path = "${place.path("usb")}";
				services.holdfast.state.other.folders = [ "${place.path("other")}" ];
				services.holdfast.contracts.mytest = {
					request = { user = "me"; sourceDirectories = [ "${place.path("files/A")}" "${place.path("files/B")}" ]; };
					settings.enable = true;
				};
				services.holdfast.databaseContracts.mydb.request = {
					user = "nobody";
					backupName = "post'gres.sql.gz";
					backupCmd = "cat ${place.path("db/rows")} | gzip --rsyncable";
					restoreCmd = "gunzip | cat >${place.path("db/rows")}";
				};
			}`,
		);
		evaluated = evaluate(["../../nix/selfhostblocks.nix", module]);
		mkdirSync(place.path("other"));
		mkdirSync(place.path("db"));
		mkdirSync(place.path("databases/mydb"), { recursive: true });
		for (const own of ["db", "databases/mydb"]) chownSync(place.path(own), NOBODY, NOBODY);
		const declared = here(JSON.stringify(evaluated.declared));
		const state = JSON.parse(declared).state;
		// Its commands are in Nix's store; the files that they read and write are in the test's folder.
		for (const hook of ["preBackup", "postRestore"]) {
			const [script] = state.mydb.hooks[hook].command;
			const own = place.write(`hooks/${hook}`, `#!/bin/bash\n${here(readFileSync(script, "utf8"))}`);
			chmodSync(own, 0o755);
			state.mydb.hooks[hook].command = [own];
		}
		place.write("holdfast.json", JSON.stringify({ machines: { web01: { ...JSON.parse(declared), state } } }));
	});

	const here = (text: string) =>
		text
			.replaceAll("/var/lib/holdfast-databases", place.path("databases"))
			.replaceAll("/holdfast/bin/holdfast", HOLDFAST);
	const script = (name: string, ...words: string[]) => {
		const { restoreScript = "" } = evaluated.results[name] ?? {};
		const text = here(evaluated.scripts[restoreScript] ?? "exit 99");
		return spawnSync("sh", ["-c", text, restoreScript, ...words], {
			cwd: place.folder,
			env: place.env,
			encoding: "utf8",
		});
	};
	const succeeds = (name: string, ...words: string[]): string => {
		const { status, stdout, stderr } = script(name, ...words);
		assert.equal(status, 0, `${name} ${words.join(" ")}: ${stdout}${stderr}`);
		return stdout;
	};
	const snapshots = (name: string) =>
		succeeds(name, "snapshots")
			.split("\n")
			.filter((line) => line !== "");
	/** The contract's test finds the id in the same way: `re.split("[ \t+]", line, maxsplit=1)[0]`. */
	const idIn = (line = "") => line.split(/[ \t+]/, 1)[0] ?? "";
	const backUp = async () => {
		const { code, stderr } = await place.holdfast("create");
		assert.equal(code, 0, stderr);
	};

	test("backup: nothing before the first, one a line after each, and each comes back by its id", async () => {
		const files = (content: string) => {
			for (const at of ["A", "B"])
				for (const name of ["fileA", "fileB"]) place.write(`files/${at}/${name}`, `repo_${name}_${content}`);
		};
		const holds = (content: string) => {
			for (const at of ["A", "B"])
				for (const name of ["fileA", "fileB"])
					assert.equal(readFileSync(place.path(`files/${at}/${name}`), "utf8"), `repo_${name}_${content}`);
		};
		writeRows("before");
		assert.deepEqual(snapshots("mytest"), []);
		files("1");
		await backUp();
		assert.equal(snapshots("mytest").length, 1);
		files("2");
		await backUp();
		const [first, second, ...more] = snapshots("mytest");
		assert.deepEqual(more, []);
		for (const at of ["A", "B"]) {
			rmSync(place.path("files", at), { recursive: true });
			mkdirSync(place.path("files", at));
		}
		succeeds("mytest", "restore", idIn(second));
		holds("2");
		succeeds("mytest", "restore", idIn(first));
		holds("1");
		// Only archives that contain this state are its snapshots.
		const { status } = await alone("other");
		assert.equal(status, 0);
		assert.equal(snapshots("mytest").length, 2);
	});

	/** An archive without the states of the contracts. */
	const alone = async (state: string) => {
		const whole = JSON.parse(readFileSync(place.path("holdfast.json"), "utf8"));
		const only = { ...whole.machines.web01, state: { [state]: whole.machines.web01.state[state] } };
		const file = place.write("only.json", JSON.stringify({ machines: { web01: only } }));
		const { code } = await place.holdfast("create", "--config", file);
		return { status: code };
	};
	const writeRows = (rows: string) => {
		writeFileSync(place.path("db/rows"), rows);
		chownSync(place.path("db/rows"), NOBODY, NOBODY);
	};

	test("databasebackup: what the command writes is kept, and what it reads comes back", async () => {
		const rows = place.path("db/rows");
		const known = snapshots("mydb").length;
		writeRows("car,1\n");
		await backUp();
		writeRows("car,1\nlollipop,2\n");
		await backUp();
		const all = snapshots("mydb");
		assert.equal(all.length, known + 2);
		rmSync(rows);
		succeeds("mydb", "restore", idIn(all.at(-1)));
		assert.equal(readFileSync(rows, "utf8"), "car,1\nlollipop,2\n");
		succeeds("mydb", "restore", idIn(all.at(-2)));
		assert.equal(readFileSync(rows, "utf8"), "car,1\n");
		// The middle of a pipe failed: its output until then is not a snapshot.
		rmSync(rows);
		const { code } = await place.holdfast("create");
		assert.equal(code, 3);
		assert.equal(snapshots("mydb").length, known + 2);
		assert.equal(snapshots("mytest").length > known + 2, true);
	});

	test("the result names what there is, and what is asked wrongly is said", () => {
		assert.deepEqual(evaluated.results.mydb, {
			restoreScript: "holdfast-contract-mydb",
			backupService: "holdfast-create.service",
		});
		assert.ok(evaluated.services["holdfast-create"], "the service that is named is there");
		assert.deepEqual(evaluated.tmpfiles, [
			"d /var/lib/holdfast-databases 0755 root root -",
			"d /var/lib/holdfast-databases/mydb 0700 nobody root -",
		]);
		assert.match(succeeds("mydb"), /snapshots\n.* backup\n.* restore <snapshot>/);
		assert.equal(script("mydb", "levitate").status, 1);
		const missing = script("mytest", "restore", "web01-no-such-snapshot");
		assert.equal(missing.status, 2);
		assert.match(missing.stderr, /no archive "web01-no-such-snapshot"/);
	});

	test("a name in both contracts is refused; a provider with a schedule of its own has a service of its own", () => {
		const twice = place.write(
			"twice.nix",
			`{
				services.holdfast.enable = true;
				services.holdfast.providers.tar = { schedule = "hourly"; destinations.disk.path = "/mnt/disk"; };
				services.holdfast.contracts.one.request.sourceDirectories = [ "/srv/one" ];
				services.holdfast.databaseContracts.one.request = { user = "postgres"; backupName = "dump"; backupCmd = "x"; restoreCmd = "y"; };
			}`,
		);
		const { assertions, results, services } = evaluate(["../../nix/selfhostblocks.nix", twice]);
		assert.ok(
			assertions.some(
				({ assertion, message }) =>
					!assertion && /one is in contracts and in databaseContracts/.test(message),
			),
		);
		assert.equal(results.one?.backupService, "holdfast-create-tar.service");
		assert.ok(services["holdfast-create-tar"]);
	});
});
