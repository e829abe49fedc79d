// A service whose user replaces folders with links while root works on them, and root's own data next to it.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { EVERY_ENGINE } from "../support/every-engine.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { isRoot } from "../support/tree.ts";
import { guarded } from "./hostile.ts";

export const ROUNDS = Number(process.env.HOLDFAST_ROUNDS) || 2;
export const USER = 65534;
const FLIPPER = join(import.meta.dirname, "flipper.mjs");

const base = scratch("races");
chmodSync(base, 0o755);
export const onlyRoot = { skip: isRoot ? false : "needs root" };

/** `home` is the user's, and holds `up/app`, a state's folder; `outside` is root's, with the same names. */
export function setUp(engine: string, state: object = {}) {
	const place = new Place(base);
	chmodSync(place.folder, 0o755);
	const [home, outside] = [place.path("home"), place.path("outside")];
	for (const file of ["up/app/file", "up/app/deep/file"]) place.write(`home/${file}`, "the user's");
	execFileSync("chown", ["-R", `${USER}:${USER}`, home]);
	for (const file of ["app/file", "app/deep/file", "file", "deep/file", "db.sqlite"]) {
		place.write(`outside/${file}`, "root's own");
		chmodSync(join(outside, file), 0o600);
	}
	place.declare({
		state: { app: { folders: [join(home, "up/app")], ...state } },
		providers: { [engine]: EVERY_ENGINE[engine]?.(place) },
	});
	return { place, home, outside, before: guarded(outside) };
}

export async function flipping(words: readonly string[], work: () => Promise<void>): Promise<void> {
	const flipper = spawn(process.execPath, [FLIPPER, String(USER), ...words], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	await new Promise((resolve) => flipper.stdout.once("data", resolve));
	try {
		await work();
	} finally {
		const ended = new Promise((resolve) => flipper.once("close", resolve));
		flipper.kill("SIGKILL");
		await ended;
	}
}

/** The contents of all archives, read with the engines' own programs: what a failed state left behind counts too. */
export async function nothingOfRoots(place: Place, engine: string): Promise<void> {
	const look = place.path("look");
	mkdirSync(look);
	const run = (...words: string[]) =>
		execFileSync("sh", ["-c", words.join(" ")], {
			cwd: look,
			env: {
				...process.env,
				RESTIC_PASSWORD: "x",
				RESTIC_REPOSITORY: place.path("repo"),
				REPO: place.path("repo"),
				BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: "yes",
				BORG_RELOCATED_REPO_ACCESS_IS_OK: "yes",
				XDG_CACHE_HOME: place.path("cache"),
				XDG_CONFIG_HOME: place.path("config"),
			},
			stdio: "ignore",
		});
	if (engine === "tar")
		for (const name of readdirSync(place.path("archives")))
			run(
				`mkdir '${name}' && zstd -dcq '${place.path("archives", name)}/'*.zst | tar -x -C '${name}' || true`,
			);
	else if (engine === "borgbackup")
		run('for a in $(borg list --short "$REPO"); do mkdir $a && (cd $a && borg extract "$REPO::$a"); done');
	else if (engine === "restic")
		run(
			"for s in $(restic snapshots --json | grep -o '\"short_id\":\"[0-9a-f]*' | cut -d'\"' -f4); do restic restore $s --target $s; done",
		);
	else execFileSync("cp", ["-a", place.path("archives"), look]);
	assert.ok(
		readdirSync(look, { recursive: true }).some((path) => String(path).endsWith("/app/file")),
		"nothing was looked at",
	);
	const { stdout } = spawnSync("grep", ["-rlD", "skip", "root's own", look], { encoding: "utf8" });
	assert.equal(stdout, "", "an archive holds what is root's alone");
}
