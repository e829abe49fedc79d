// From only a destination back to everything: another place, which has never seen the config, adopts it and restores.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { TarOptions } from "../../src/engines/tar/schema.ts";
import { adoptDestination } from "../../src/plan/adopt.ts";
import { adoptedText } from "../../src/report/text/archives.ts";
import { openTar } from "../engines/engines.ts";
import { metadataOf, quiet } from "../engines/fixtures.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { factsOf } from "../support/tree.ts";

const below = scratch("adopt");
const passphrase = join(below, "passphrase");
writeFileSync(passphrase, "correct horse\n", { mode: 0o600 });

interface Case {
	/** The provider, in a place. */
	provider(at: string): object;
	/** How to adopt it. */
	words(at: string): string[];
}
const CASES: Readonly<Record<string, Case>> = {
	tar: {
		provider: (at) => ({ tar: { destinations: { disk: { path: at } } } }),
		words: (at) => [at],
	},
	borgbackup: {
		provider: (at) => ({ borgbackup: { destinations: { nas: { repo: at, passphraseFile: passphrase } } } }),
		words: (at) => [at, "--passphrase-file", passphrase],
	},
	"borgbackup, with its key in a file": {
		provider: (at) => ({
			borgbackup: {
				destinations: {
					nas: { repo: at, passphraseFile: passphrase, encryption: "keyfile", keyFile: `${at}.key` },
				},
			},
		}),
		words: (at) => [at, "--passphrase-file", passphrase, "--key-file", `${at}.key`],
	},
	restic: {
		provider: (at) => ({ restic: { destinations: { nas: { repo: at, passphraseFile: passphrase } } } }),
		words: (at) => [at, "--passphrase-file", passphrase],
	},
	localbackup: {
		provider: (at) => ({ localbackup: { destinations: { usb: { directory: at } } } }),
		words: (at) => [at],
	},
};

async function ok(place: Place, ...words: string[]) {
	const { code, stdout, stderr } = await place.holdfast(...words);
	assert.equal(code, 0, `holdfast ${words.join(" ")}\n${stdout}${stderr}`);
	return stdout;
}

const USER = userInfo().username;

async function backedUp(provider: (at: string) => object) {
	const first = new Place(below);
	for (const state of ["notes", "shop"]) first.write(`${state}/deep/file`, `${state} as they were`);
	const at = first.path("kept");
	first.declare({
		state: {
			notes: { folders: [first.path("notes")], exclude: ["*.tmp"], healthChecks: [{ command: ["true"] }] },
			shop: {
				folders: [first.path("shop")],
				hooks: { preBackup: { script: "true", user: USER } },
				after: ["notes"],
			},
		},
		providers: provider(at),
	});
	await ok(first, "create");
	await ok(first, "create");
	return { first, at };
}

describe("adopt", () => {
	for (const [name, { provider, words }] of Object.entries(CASES))
		test(`${name}: shown, a config written, one service and then all restored${name === "borgbackup" ? "" : " [long]"}`, async () => {
			const { first, at } = await backedUp(provider);
			const were = { notes: factsOf(first.path("notes")), shop: factsOf(first.path("shop")) };
			for (const gone of ["state", "run", "config", "cache", "notes", "shop", "holdfast.json"])
				rmSync(first.path(gone), { recursive: true, force: true });
			const second = new Place(below);
			const config = second.path("holdfast.yaml");
			const look = await ok(second, "adopt", ...words(at), "--dry-run");
			assert.match(look, /2 archives of web01; the newest is web01-/);
			assert.match(look, /notes +good/);
			assert.match(
				look,
				new RegExp(
					`state\\.notes\\.healthChecks\\.0\\.command: true\n.*state\\.shop\\.hooks\\.preBackup\\.script, as ${USER}: true`,
				),
			);
			const unasked = await second.holdfast("adopt", ...words(at), "--output", config);
			assert.equal(unasked.code, 2);
			assert.match(unasked.stderr, /Add these commands to the config\?|--yes/);
			assert.equal(existsSync(config), false);
			const said = await ok(second, "adopt", ...words(at), "--output", config, "--yes");
			assert.match(
				readFileSync(config, "utf8"),
				/# from the archive; runs as root unless a user is set\n +command:/,
			);
			const [engine = ""] = name.split(",");
			assert.match(said, new RegExp(`holdfast restore --service notes web01 ${engine} latest`));
			assert.equal(statSync(config).mode & 0o777, 0o600);
			await ok(second, "restore", "--yes", "--service", "notes", "web01", engine, "latest");
			assert.deepEqual(factsOf(first.path("notes")), were.notes);
			await ok(second, "restore", "--yes", "web01", engine, "latest");
			assert.deepEqual(factsOf(first.path("shop")), were.shop);
			await ok(second, "create");
			assert.equal(JSON.parse(await ok(second, "list", "--json")).archives.length, 3);
			const again = await second.holdfast("adopt", ...words(at), "--output", config);
			assert.equal(again.code, 2);
			assert.match(again.stderr, /already exists[\s\S]*--force/);
		});

	test("of several machines, one must be named", async () => {
		const { first, at } = await backedUp((path) => ({ tar: { destinations: { disk: { path } } } }));
		const config = readFileSync(first.path("holdfast.json"), "utf8");
		first.write("holdfast.json", config.replace("web01", "web02"));
		await ok(first, "create");
		const second = new Place(below);
		const asked = await second.holdfast("adopt", at, "--dry-run");
		assert.equal(asked.code, 2);
		assert.match(asked.stderr, /several machines[\s\S]*--machine: web01, web02/);
		assert.match(await ok(second, "adopt", at, "--dry-run", "--machine", "web02"), /1 archive of web02/);
	});

	test("nothing there, an empty folder and a wrong passphrase are said in words", async () => {
		const place = new Place(below);
		const nothing = await place.holdfast("adopt", place.path("nowhere"), "--dry-run");
		assert.match(nothing.stderr, /nothing was found at .*nowhere[\s\S]*--type/);
		mkdirSync(place.path("empty"));
		const empty = await place.holdfast("adopt", place.path("empty"), "--dry-run");
		assert.match(empty.stderr, /contains no archive with a description/);
		const { at } = await backedUp(CASES.borgbackup?.provider ?? (() => ({})));
		const wrong = place.write("wrong", "battery staple\n");
		const without = await place.holdfast("adopt", at, "--dry-run");
		assert.notEqual(without.code, 0);
		assert.match(without.stderr, /no passphrase|needs its passphrase/);
		assert.match(without.stderr, /→ .*--passphrase-file/);
		assert.doesNotMatch(without.stderr, /"type":/);
		const refused = await place.holdfast("adopt", at, "--passphrase-file", wrong, "--dry-run");
		assert.equal(refused.code, 1);
		assert.match(refused.stderr, /the passphrase of .* is wrong/);
	});

	test("a borg repository that was moved is refused until that is said, and then used", async () => {
		const { first, at } = await backedUp(CASES.borgbackup?.provider ?? (() => ({})));
		renameSync(at, `${at}-moved`);
		const config = readFileSync(first.path("holdfast.json"), "utf8").replace(`"${at}"`, `"${at}-moved"`);
		first.write("holdfast.json", config);
		const refused = await first.holdfast("list");
		assert.match(
			refused.stderr,
			/was at another address when it was last used from here\n(?: {4}.*\n)?.*relocated: true/,
		);
		first.write("holdfast.json", config.replace('"repo":', '"relocated": true, "repo":'));
		assert.match(await ok(first, "list"), /notes, shop/);
	});
});

test("patterns that an older Holdfast took and this one refuses are named, and do not stand in the way", async () => {
	const folder = join(below, "older");
	mkdirSync(folder);
	const manifest = join(folder, "manifest.json");
	const state = {
		dumps: [],
		hooks: {},
		stopOnBackup: [],
		stopOnRestore: [],
		after: [],
		settle: 3,
		healthChecks: [],
	};
	const exclude = ["*.tmp", "a**b", "/srv/*"];
	const providers = { tar: { type: "tar", destinations: { disk: { path: join(folder, "destination") } } } };
	const notes = { ...state, folders: ["/srv/notes"], exclude };
	writeFileSync(manifest, JSON.stringify({ version: 1, machine: "web01", state: { notes }, providers }));
	const destination = openTar(folder);
	const metadata = { ...metadataOf("a"), manifest };
	await destination.create({ name: "a", roots: [{ path: manifest, exclude: [] }], metadata }, true, quiet);
	const adopted = await adoptDestination(destination, providers.tar as TarOptions, undefined, folder, quiet);
	assert.deepEqual(adopted.manifest.state.notes?.exclude, ["*.tmp"]);
	assert.match(
		adoptedText(adopted).join("\n"),
		/removed from its config: exclude of state notes: "a\*\*b" is not a pattern.*\n.*"\/srv\/\*" excludes everything in the folder "\/srv\/notes"/,
	);
});
