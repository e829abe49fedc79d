// A passphrase that begins or ends with blanks: other programs ignore them, and nobody sees them on paper. No repository is created
// with one; one that has such a passphrase already is used as before.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const below = scratch("blanks");

const ENGINES = {
	borgbackup: (repo: string, passphrase: string) =>
		execFileSync("borg", ["init", "--encryption=repokey", repo], {
			stdio: "pipe",
			env: { ...process.env, BORG_PASSPHRASE: passphrase },
		}),
	restic: (repo: string, passphrase: string) =>
		execFileSync("restic", ["init", "--repo", repo], {
			stdio: "pipe",
			env: { ...process.env, RESTIC_PASSWORD: passphrase },
		}),
} as const;

for (const [type, init] of Object.entries(ENGINES))
	describe(type, () => {
		const start = (source: (place: Place) => object) => {
			const place = new Place(below);
			place.write("s/file", "x");
			const repo = place.path("repo");
			place.declare({
				state: { s: { folders: [place.path("s")] } },
				providers: { [type]: { destinations: { d: { repo, ...source(place) } } } },
			});
			return { place, repo };
		};
		const fileWith = (text: string) => (place: Place) => {
			const passphraseFile = place.path("passphrase");
			writeFileSync(passphraseFile, text, { mode: 0o600 });
			return { passphraseFile };
		};

		for (const [name, source] of [
			["before and after it", fileWith(" secret  \n")],
			["a tab after it", fileWith("secret\t\n")],
			["from a command", () => ({ passphraseCommand: ["echo", "secret "] })],
		] as const)
			test(`blanks, ${name}: said before a repository is created, and none is`, async () => {
				const { place, repo } = start(source);
				const { code, stderr } = await place.holdfast("create");
				assert.equal(code, 1);
				assert.match(stderr, /the passphrase from .* begins or ends with blanks: no repository is created/);
				assert.match(stderr, /→ remove them/);
				assert.equal(existsSync(repo), false);
			});

		test("an empty folder, such as a new disk, is left empty", async () => {
			const { place, repo } = start(fileWith("secret \n"));
			mkdirSync(repo);
			assert.match((await place.holdfast("create")).stderr, /begins or ends with blanks/);
			assert.deepEqual(readdirSync(repo), []);
		});

		test("a repository that has such a passphrase is used; blanks within one, and a CRLF, are nothing special", async () => {
			const { place, repo } = start(fileWith(" secret  \n"));
			init(repo, " secret  ");
			const { code, stdout, stderr } = await place.holdfast("create");
			assert.equal(code, 0, stdout + stderr);
			const within = start(fileWith("correct horse\r\n"));
			assert.equal((await within.place.holdfast("create")).code, 0);
		});
	});
