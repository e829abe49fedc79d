// The archives of one state.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

test("list --service shows the archives that hold a state, for people and for programs", async () => {
	const place = new Place(scratch("list-service"));
	const state = (name: string) => ({ [name]: { folders: [place.path(name)] } });
	for (const name of ["notes", "photos", "mail"]) place.write(`${name}/file`, name);
	place.declare({ state: { ...state("notes"), ...state("photos"), ...state("mail") } });
	for (const names of [["notes"], ["notes", "photos"]]) {
		const { code, stderr } = await place.holdfast("create", ...names.flatMap((name) => ["--service", name]));
		assert.equal(code, 0, stderr);
	}
	const listed = async (...names: string[]) => {
		const words = names.flatMap((name) => ["--service", name]);
		const { code, stdout, stderr } = await place.holdfast("list", ...words);
		const { archives } = JSON.parse((await place.holdfast("list", "--json", ...words)).stdout || "{}");
		return { code, rows: stdout.split("\n").filter((line) => line.includes("::")), stdout, stderr, archives };
	};
	const photos = await listed("photos");
	assert.equal(photos.rows.length, 1);
	assert.match(photos.rows[0] ?? "", / photos /);
	assert.doesNotMatch(photos.stdout, /notes/);
	assert.equal(photos.archives.length, 1);
	assert.deepEqual(Object.keys(photos.archives[0].metadata.states), ["notes", "photos"]);
	for (const names of [["notes"], ["photos", "notes"], []]) {
		const some = await listed(...names);
		assert.deepEqual([some.rows.length, some.archives.length], [2, 2], names.join());
	}
	const mail = await listed("mail");
	assert.deepEqual([mail.code, mail.stdout], [0, "no archive of web01 holds mail\n"]);
	assert.equal((await listed("foto")).code, 2);
	// One that is not declared any more.
	place.declare({ state: { ...state("notes"), ...state("mail") } });
	assert.equal((await listed("photos")).rows.length, 1);
});

test("a machine that does not answer may hold the state: the others' archives are listed all the same", async () => {
	const place = new Place(scratch("list-service-all"));
	place.write("notes/file", "notes");
	place.declare({ state: { notes: { folders: [place.path("notes")] } } });
	const { machines } = JSON.parse(readFileSync(place.path("holdfast.json"), "utf8"));
	const web02 = { ...machines.web01, host: "ssh://127.0.0.1:1" };
	place.write("holdfast.json", JSON.stringify({ machines: { ...machines, web02 } }));
	assert.equal((await place.holdfast("create", "web01")).code, 0);
	const listed = async (...names: string[]) =>
		place.holdfast("list", "--all", ...names.flatMap((name) => ["--service", name]));
	const { code, stderr, stdout } = await listed("former", "notes");
	assert.equal(code, 3, stderr);
	assert.match(stdout, /web01.* notes /);
	assert.match(stderr, /^web02: ✘ /m);
	assert.doesNotMatch(stderr, /none of these machines/);
	// It is not known that none holds it.
	assert.deepEqual((await listed("former")).stdout, "");
});
