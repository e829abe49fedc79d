// Device nodes, setuid files and file capabilities in an archive are never restored or extracted, unless the state
// declares them or the user asks for them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { EVERY_ENGINE } from "../support/every-engine.ts";
import { Place } from "../support/place.ts";
import { base, onlyRoot } from "./extracted.ts";

/** The commands that extract something, and the folder of the place that each writes to. */
const WAYS: Readonly<
	Record<string, (place: Place) => { readonly words: readonly string[]; readonly below: string }>
> = {
	restore: (place) => ({ words: ["restore", "--yes"], below: place.path("own/app") }),
	"--in-place": (place) => ({ words: ["restore", "--yes", "--in-place"], below: place.path("own/app") }),
	"--path": (place) => ({
		words: ["restore", "--yes", "--path", place.path("own/app/bin")],
		below: place.path("own/app"),
	}),
	"--into": (place) => ({
		words: ["restore", "--yes", "--into", place.path("into"), "--service", "app"],
		below: join(place.path("into"), place.path("own/app")),
	}),
	extract: (place) => ({
		words: ["archives", "extract", "--into", place.path("out")],
		below: place.path("out"),
	}),
};

describe("special files", onlyRoot, () => {
	for (const [engine, provider] of Object.entries(EVERY_ENGINE))
		test(`${engine}${engine === "restic" ? " [long]" : ""}`, async () => {
			const place = new Place(base);
			const app = place.path("own/app");
			const bin = join(app, "bin");
			const fill = () => {
				rmSync(app, { recursive: true, force: true });
				mkdirSync(bin, { recursive: true });
				for (const name of ["suid", "able", "plain"])
					execFileSync("cp", ["--preserve=mode", "/usr/bin/id", join(bin, name)]);
				execFileSync("chmod", ["4755", join(bin, "suid")]);
				execFileSync("setcap", ["cap_net_raw+ep", join(bin, "able")]);
				execFileSync("mknod", ["-m", "666", join(bin, "null"), "c", "1", "3"]);
			};
			fill();
			const declare = (more: object = {}) =>
				place.declare({
					state: { app: { folders: [app], ...more } },
					providers: { engine: { type: engine, ...provider(place) } },
				});
			declare();
			assert.equal((await place.holdfast("create")).code, 0);
			const found = (at: string) => {
				const capable = execFileSync("getcap", ["-r", at], { encoding: "utf8" }).trim() !== "";
				const suid = join(at, "suid");
				return {
					plain: existsSync(join(at, "plain")),
					suid: existsSync(suid) && (lstatSync(suid).mode & 0o4000) !== 0,
					device: existsSync(join(at, "null")),
					capable,
				};
			};
			const nothing = { plain: true, suid: false, device: false, capable: false };
			for (const [way, how] of Object.entries(WAYS)) {
				const { words, below } = how(place);
				rmSync(app, { recursive: true, force: true });
				mkdirSync(bin, { recursive: true });
				const target = words.includes("extract") ? ["latest", bin] : ["engine", "latest"];
				const { code, stdout, stderr } = await place.holdfast(...words, ...target);
				assert.equal(code, 0, `${way}: ${stdout}${stderr}`);
				const at = words.includes("extract") ? (stdout.trim().split("\n").at(-1) ?? "") : join(below, "bin");
				assert.deepEqual(found(at), nothing, way);
				assert.match(stdout + stderr, /setuid|device|capabilit/, `${way} says so`);
			}
			declare({ specialFiles: true });
			const { code, stderr } = await place.holdfast("restore", "--yes", "engine", "latest");
			assert.equal(code, 0, stderr);
			assert.deepEqual(found(bin), { plain: true, suid: true, device: true, capable: true });
		});
});
