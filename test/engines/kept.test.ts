// What an engine does not preserve of a file, as documented in docs/how-to/engines.md: times that it cannot store,
// and hard links from one folder to another.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chownSync, linkSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { isRoot } from "../support/tree.ts";

const below = scratch("kept");
const YEARS = { "before 1970": 1960, "after 2038": 2040, "after 2262": 2300 };

/** Cells of the page's table, by row and engine. */
function said(): Map<string, Record<string, string>> {
	const page = readFileSync(join(import.meta.dirname, "../../docs/how-to/engines.md"), "utf8");
	const rows = page
		.split("\n")
		.filter((line) => line.startsWith("| "))
		.map((line) =>
			line
				.split("|")
				.slice(1, -1)
				.map((cell) => cell.trim()),
		);
	const [head = [], , ...body] = rows;
	return new Map(
		body.map(([row = "", ...cells]) => [
			row,
			Object.fromEntries(cells.map((cell, index) => [head[index + 1] ?? "", cell])),
		]),
	);
}

/** The number of a user, at the backup and at the restore. */
const USER = { old: 61_001, new: 61_002 };

describe("what an engine does not keep", { skip: isRoot ? false : "needs root" }, () => {
	const table = said();
	const place = new Place(below);
	for (const name of ["a", "b"]) mkdirSync(place.path(name));
	for (const year of Object.values(YEARS))
		execFileSync("touch", ["-d", `${year}-05-05 05:05:05 UTC`, place.path(`a/${year}`)]);
	place.write("a/linked", "x");
	linkSync(place.path("a/linked"), place.path("b/linked"));
	place.write("a/owned", "x");
	/** In a user database for the run only: the number has changed by the time of the restore. */
	const users = (uid: number) =>
		`cp /etc/passwd "${place.path("users")}"; echo "keptuser:x:${uid}:0::/:/bin/false" >>"${place.path("users")}"; mount --bind "${place.path("users")}" /etc/passwd`;
	chownSync(place.path("a/owned"), USER.old, 0);
	const passphraseFile = place.write("passphrase", "correct horse\n");
	const at = (name: string) => place.path("at", name);
	const providers = {
		tar: { destinations: { disk: { path: at("tar") } } },
		borgbackup: { destinations: { disk: { repo: at("borg"), encryption: "none" } } },
		restic: { destinations: { disk: { repo: at("restic"), passphraseFile } } },
		localbackup: { destinations: { disk: { directory: at("localbackup") } } },
	};
	mkdirSync(place.path("at"));
	for (const [engine, options] of Object.entries(providers))
		test(engine, async () => {
			place.declare({
				state: { s: { folders: [place.path("a"), place.path("b")] } },
				providers: { [engine]: options },
			});
			const created = await place.holdfastAfter(users(USER.old), "create");
			assert.equal(created.code, 0, created.stderr);
			const into = place.path(`into-${engine}`);
			mkdirSync(into);
			const restored = await place.holdfastAfter(
				users(USER.new),
				"restore",
				"--yes",
				"--into",
				into,
				"--service",
				"s",
				engine,
				"latest",
			);
			assert.equal(restored.code, 0, restored.stderr);
			const find = (name: string) =>
				execFileSync("find", [into, "-name", name], { encoding: "utf8" }).trim().split("\n");
			for (const [when, year] of Object.entries(YEARS)) {
				const row = [...table.keys()].find((key) => key.endsWith(when)) ?? "";
				const [file = ""] = find(String(year));
				const was = statSync(file).mtime;
				const cell = table.get(row)?.[engine] ?? "";
				const [, becomes] = /becomes (?:January )?(\d{4})/.exec(cell) ?? [];
				assert.equal(was.getUTCFullYear(), Number(becomes ?? year), `${row} on ${engine}: ${cell}`);
			}
			const byName = [...table.keys()].find((key) => key.startsWith("a user whose number")) ?? "";
			const [owned = ""] = find("owned");
			assert.equal(statSync(owned).uid === USER.old ? "by number" : "by name", table.get(byName)?.[engine]);
			const linked = new Set(find("linked").map((file) => statSync(file).ino)).size === 1;
			const row = [...table.keys()].find((key) => key.startsWith("a hard link")) ?? "";
			assert.equal(linked ? "kept" : "two files", table.get(row)?.[engine]);
		});
});
