// Hooks as people write them: they fail, hang, flood, fork and stay; none of this costs another state its backup.
import assert from "node:assert/strict";
import { chownSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { watchPeak } from "../support/peak.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { isRoot } from "../support/tree.ts";

const folder = scratch("hooks");

function placeWith(hooks: object): Place {
	const place = new Place(folder);
	place.write("good/file", "good");
	place.write("hooked/file", "hooked");
	place.declare({
		state: {
			hooked: { folders: [place.path("hooked")], hooks },
			good: { folders: [place.path("good")] },
		},
	});
	return place;
}

async function outcomes(place: Place): Promise<Record<string, string>> {
	const { stdout } = await place.holdfast("list", "--json");
	const { archives } = JSON.parse(stdout);
	return Object.fromEntries(
		Object.entries(archives.at(-1)?.metadata.states ?? {}).map(([name, state]) => [
			name,
			(state as { outcome: string }).outcome,
		]),
	);
}

test("a failing preBackup leaves its state out, says so in the archive, and postBackup still runs", async () => {
	const post = join(folder, "post");
	const place = placeWith({ preBackup: "echo the reason >&2; exit 7", postBackup: `echo ran >${post}` });
	const { code, stderr } = await place.holdfast("create");
	assert.equal(code, 3, stderr);
	assert.match(stderr, /preBackup of hooked ended with exit code 7\n {4}the reason/);
	assert.deepEqual(await outcomes(place), { hooked: "failed", good: "good" });
	assert.equal(readFileSync(post, "utf8"), "ran\n");

	const refused = await place.holdfast("restore", "--yes", "--service", "hooked", "tar", "latest");
	assert.equal(refused.code, 1);
	assert.match(refused.stderr, /no complete archive of hooked was found/);
});

test("a script stops at its first failure, also inside a pipe", async () => {
	const place = placeWith({ preBackup: "false | cat\necho not reached" });
	const { code, stderr } = await place.holdfast("create");
	assert.equal(code, 3);
	assert.doesNotMatch(stderr, /not reached/);
});

test("a hook that hangs is ended with all that it started when its time is over", async () => {
	const place = placeWith({ preBackup: { script: "sleep 1000 & sleep 1000", timeout: 1 } });
	const began = Date.now();
	const { code, stderr } = await place.holdfast("create");
	assert.equal(code, 3);
	assert.match(stderr, /preBackup of hooked took longer than 1 seconds and was killed/);
	assert.ok(Date.now() - began < 15_000);
	assert.deepEqual(await outcomes(place), { hooked: "failed", good: "good" });
});

test("a hook that ignores the request to end is ended by force", { timeout: 60_000 }, async () => {
	const place = placeWith({ preBackup: { script: "trap '' TERM; while :; do sleep 1; done", timeout: 1 } });
	const { code, stderr } = await place.holdfast("create");
	assert.equal(code, 3);
	assert.match(stderr, /took longer than 1 seconds/);
});

test("a hook that floods its output neither fills memory nor the journal", { timeout: 120_000 }, async () => {
	const place = placeWith({
		preBackup: "{ yes flood || true; } | head -c 40000000; head -c 100000000 /dev/zero",
	});
	const { child, ended } = place.start(["create", "--quiet"]);
	const peakOf = watchPeak(child.pid);
	const { code, stderr } = await ended;
	const peak = peakOf();
	assert.equal(code, 0, stderr);
	assert.ok(peak > 0 && peak < 100, `${peak} MiB`);
	const { stdout } = await place.holdfast("runs", "--json");
	const shown = await place.holdfast("runs", "show", JSON.parse(stdout)[0].id);
	assert.match(shown.stdout, /the rest of its output is not kept/);
	assert.ok(shown.stdout.length < 10_000_000);
});

test("what a hook leaves running that holds its output is ended, and the run says so", async () => {
	const place = placeWith({ preBackup: "sleep 1000 &" });
	const { code, stderr } = await place.holdfast("create");
	assert.equal(code, 0, stderr);
	const { stdout } = await place.holdfast("runs", "--json");
	const shown = await place.holdfast("runs", "show", JSON.parse(stdout)[0].id);
	assert.match(shown.stdout, /left processes running that kept its output open; they were killed/);
});

test("hooks are told the state, the run and, when restoring, Clan's NAME and FOLDERS; and nothing of the caller's", async () => {
	const place = new Place(folder);
	const say = (name: string) =>
		`printf '%s|' "$HOLDFAST_STATE" "$HOLDFAST_RUN" "\${NAME-}" "\${FOLDERS-}" "\${SECRET-}" "$EXTRA" >${place.path(name)}`;
	place.write("one/file", "1");
	place.write("two/file", "2");
	place.declare({
		state: {
			both: {
				folders: [place.path("one"), place.path("two")],
				hooks: {
					preBackup: { script: say("backup"), environment: { EXTRA: "mine" } },
					postRestore: { script: say("restore"), environment: { EXTRA: "mine" } },
				},
			},
		},
	});
	process.env.SECRET = "of the caller";
	await place.holdfast("create");
	delete process.env.SECRET;
	const [state, run, name, folders, secret, extra] = readFileSync(place.path("backup"), "utf8").split("|");
	assert.deepEqual([state, name, folders, secret, extra], ["both", "", "", "", "mine"]);
	const { archives } = JSON.parse((await place.holdfast("list", "--json")).stdout);
	assert.equal(archives[0].metadata.run, run);

	const restored = await place.holdfast("restore", "--yes", "tar", "latest");
	assert.equal(restored.code, 0, restored.stderr);
	const told = readFileSync(place.path("restore"), "utf8").split("|");
	assert.deepEqual(told.slice(2, 4), [archives[0].id, `${place.path("one")}:${place.path("two")}`]);
});

test("a command is run without a shell, as the user that is named, or in a folder as its owner", {
	skip: !isRoot && "needs root",
}, async () => {
	const place = placeWith({ preBackup: { command: ["id", "$HOME; exit 1"], user: "nobody" } });
	const failed = await place.holdfast("create");
	assert.match(failed.stderr, /id: .*\$HOME; exit 1.*no such user/);
	const owned = scratch("hooks-owned");
	chownSync(owned, 4242, 4243);
	const as = placeWith({
		preBackup: { command: ["id", "-nG"], user: "nobody" },
		postBackup: { script: "echo $(id -u):$(id -G) in $(pwd -P)", asOwnerOf: owned },
	});
	const { code, stderr } = await as.holdfast("create");
	assert.equal(code, 0, stderr);
	const { stdout } = await as.holdfast("runs", "--json");
	const shown = await as.holdfast("runs", "show", JSON.parse(stdout)[0].id);
	assert.match(shown.stdout, /preBackup:hooked: nogroup$/m);
	assert.match(shown.stdout, new RegExp(`postBackup:hooked: 4242:4243 in ${owned}$`, "m"));
});
