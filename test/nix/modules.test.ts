// The modules are evaluated for real, and their declarations become a manifest. If HOLDFAST_NIXPKGS_LIB and
// HOLDFAST_CLAN_CORE name nixpkgs' lib and Clan's own modules, these are evaluated as well, with the same results.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { configJsonSchema } from "../../src/config/json-schema.ts";
import { loadMachines } from "../../src/config/load.ts";
import { jobsOf, unitsOf } from "../../src/fleet/units.ts";
import type { Manifest } from "../../src/manifest/schema.ts";
import type { HoldfastError } from "../../src/values/error.ts";
import { blocksOf } from "../docs/page.ts";
import { scratch } from "../support/scratch.ts";
import { BLOG, evaluate, noNix, PROJECT } from "./evaluate.ts";

const { HOLDFAST_NIXPKGS_LIB, HOLDFAST_CLAN_CORE } = process.env;
const folder = scratch("nix-modules");
let count = 0;

async function manifestOf(declared: unknown): Promise<Manifest> {
	const file = join(folder, `${count++}.json`);
	writeFileSync(file, JSON.stringify({ machines: { web01: declared } }));
	const manifest = (await loadMachines(file)).get("web01");
	assert.ok(manifest);
	return manifest;
}

/** Reviewed by hand: what the declaration must become, not a recording of the output. */
const golden = (name: string) =>
	JSON.parse(readFileSync(join(import.meta.dirname, `${name}.manifest.json`), "utf8"));
const plainOf = (value: unknown) => JSON.parse(JSON.stringify(value));

describe("Nix", { skip: noNix }, () => {
	test("every .nix file can be read", () => {
		const files = [
			"flake.nix",
			...["nix", "test/nix"].flatMap((at) =>
				readdirSync(join(PROJECT, at))
					.filter((name) => name.endsWith(".nix"))
					.map((name) => join(at, name)),
			),
		];
		assert.ok(files.length >= 10);
		for (const file of files) {
			const { status, stderr } = spawnSync("nix-instantiate", ["--parse", join(PROJECT, file)], {
				encoding: "utf8",
			});
			assert.equal(status, 0, `${file}: ${stderr}`);
		}
	});

	const PLAIN = ["../../nix/module.nix", "plain.nix"];
	const STATELESS = ["../../nix/module.nix", "stateless.nix"];
	const CLAN = ["../../nix/clan.nix", "clan-core.nix", "clan-services.nix"];
	const CLAN_JOBS = ["../../nix/clan.nix", "clan-core.nix", "clan-jobs.nix"];
	const CONTRACT = ["../../nix/selfhostblocks.nix", "contract.nix"];

	test("the module's declarations become the manifest that the same YAML would", async () => {
		assert.deepEqual(plainOf(await manifestOf(evaluate(PLAIN).declared)), golden("plain"));
	});

	test("its options are the keys of a config's machine, but for those that say where it is", () => {
		const machines = (configJsonSchema() as unknown as Schema).properties?.machines;
		const machine = machines?.additionalProperties?.properties;
		const { machineOptions, scheduleOptions, stateOptions } = evaluate(PLAIN);
		const keys = (schema: Schema | undefined) => Object.keys(schema?.properties ?? {}).sort();
		assert.deepEqual([...stateOptions].sort(), keys(machine?.state?.additionalProperties));
		assert.deepEqual([...scheduleOptions].sort(), keys(machine?.schedule));
		const elsewhere = ["host", "tags", "deploy", "borgServer", "nix", "system"];
		const own = ["enable", "package", "machine", "declared"];
		assert.deepEqual(
			machineOptions.filter((name) => !own.includes(name)).sort(),
			Object.keys(machine ?? {})
				.filter((name) => !elsewhere.includes(name))
				.sort(),
		);
	});

	test("its units do what a deploy's do, at the same times", async () => {
		for (const modules of [PLAIN, CLAN, CLAN_JOBS, STATELESS]) {
			const { declared, timers, services } = evaluate(modules);
			const manifest = await manifestOf(declared);
			const jobs = jobsOf(manifest);
			assert.deepEqual(Object.keys(timers).sort(), jobs.map(({ name }) => `holdfast-${name}`).sort());
			const { files } = unitsOf({
				manifest,
				program: "/holdfast/bin/holdfast",
				config: "/etc/holdfast/manifest.json",
				user: false,
			});
			for (const { name, calendar } of jobs) {
				assert.deepEqual(timers[`holdfast-${name}`]?.OnCalendar, calendar);
				const text = files.find((file) => file.name === `holdfast-${name}.service`)?.text ?? "";
				for (const [key, value] of Object.entries(services[`holdfast-${name}`] ?? {}))
					if (key !== "unit" && key !== "CapabilityBoundingSet")
						assert.ok(text.includes(`${key}=${value}\n`), `${key}=${value} in ${text}`);
			}
		}
	});

	test("the engines that its providers name are installed with it, and no others", () => {
		assert.deepEqual(evaluate(PLAIN).packages, ["holdfast"]);
		const { packages } = evaluate(["../../nix/module.nix", "engines.nix"]);
		assert.deepEqual(packages.toSorted(), ["holdfast", "rclone", "restic", "rsnapshot", "rsync"]);
		assert.deepEqual(
			evaluate(CLAN)
				.packages.filter((name) => !name.startsWith("holdfast"))
				.toSorted(),
			["borgbackup", "rsnapshot", "rsync"],
		);
	});

	test("an enabled module that declares nothing, or keeps archives nowhere, says so", () => {
		const { assertions } = evaluate(["../../nix/module.nix", "empty.nix"]);
		assert.deepEqual(
			assertions.map(({ assertion }) => assertion),
			[false, false],
		);
	});

	test("a machine of which nothing has to be backed up needs neither, and no timers", async () => {
		const { declared, assertions, timers } = evaluate(STATELESS);
		assert.ok(assertions.every(({ assertion }) => assertion));
		assert.deepEqual(timers, {});
		assert.equal((await manifestOf(declared)).stateless, true);
	});

	test("docs/how-to/nixos.md: each block of Nix can be evaluated, and becomes a manifest", async () => {
		const blocks = blocksOf("docs/how-to/nixos.md", "nix").map(({ text }) => text);
		const [plain = "", clan = "", contract = "", databases = ""] = blocks;
		assert.equal(blocks.length, 4, "the page has another form");
		const manifest = async (text: string, ...more: string[]) => {
			const file = join(folder, `${count++}.nix`);
			writeFileSync(
				file,
				`let holdfast = (import ${join(PROJECT, "flake.nix")}).outputs { self = { }; nixpkgs.lib.genAttrs = _: _: { }; };
				in { config, ... }: {\n${text.replace(/^inputs\..*$/m, "")}\n}`,
			);
			return manifestOf(evaluate([file, ...more]).declared);
		};
		const { state, providers } = await manifest(plain);
		assert.deepEqual(Object.keys(state), ["postgresql", "notes"]);
		assert.deepEqual(Object.keys(providers), ["borgbackup"]);
		assert.ok("zerotier" in (await manifest(clan, "clan-core.nix", "blog.nix")).state);
		const asked = await manifest(contract + databases, "requests.nix");
		assert.deepEqual(Object.keys(asked.state).sort(), ["postgresql", "vaultwarden"]);
	});

	test("the blog post's three snippets become a manifest", async () => {
		assert.deepEqual(plainOf(await manifestOf(evaluate(BLOG).declared)), golden("blog"));
	});

	test("Clan's borgbackup and localbackup become providers of ours; their lists, commands and older names count", async () => {
		const { declared, clan, packages } = evaluate(CLAN);
		assert.deepEqual(plainOf(await manifestOf(declared)), golden("clan-services"));
		assert.deepEqual(clan, {
			create: "holdfast-clan-create",
			list: "holdfast-clan-list",
			name: "holdfast",
			restore: "holdfast-clan-restore",
		});
		assert.ok(packages.includes("holdfast-clan-restore"));
		assert.equal(evaluate([...CLAN, "take-over.nix"]).timers["borgbackup-job-nas"]?.enabled, false);
	});

	test("a request of SelfHostBlocks' backup contract becomes a state", async () => {
		const { declared } = evaluate(CONTRACT);
		assert.deepEqual(plainOf((await manifestOf(declared)).state), golden("contract"));
	});

	test("with nixpkgs' own lib the answers are the same", {
		skip: HOLDFAST_NIXPKGS_LIB ? false : "HOLDFAST_NIXPKGS_LIB names no copy of nixpkgs' lib",
	}, () => {
		for (const modules of [PLAIN, BLOG, CLAN, CONTRACT, [...CLAN, "take-over.nix"]])
			assert.deepEqual(evaluate(modules, join(HOLDFAST_NIXPKGS_LIB ?? "", "default.nix")), evaluate(modules));
	});

	test("with Clan's own modules every state is protected", {
		skip:
			HOLDFAST_NIXPKGS_LIB && HOLDFAST_CLAN_CORE
				? false
				: "HOLDFAST_NIXPKGS_LIB and HOLDFAST_CLAN_CORE name no copies",
	}, async () => {
		const backups = join(HOLDFAST_CLAN_CORE ?? "", "nixosModules/clanCore/backups.nix");
		const { declared } = evaluate(
			["../../nix/clan.nix", backups, "clan-real.nix"],
			join(HOLDFAST_NIXPKGS_LIB ?? "", "default.nix"),
		);
		const { state, providers } = await manifestOf(declared);
		assert.deepEqual(Object.keys(state), ["garage", "zerotier"]);
		assert.match(JSON.stringify(state.garage?.hooks.preBackup), /garage-snapshot/);
		assert.equal(providers.mine?.type, "command");
	});

	test("what cannot be is said: a state's name, no folder, a provider without a command", async () => {
		const clan = (declared: object) => manifestOf({ clan: declared });
		const says = (words: RegExp) => (error: HoldfastError) => {
			assert.match([error.message, ...error.details].join("\n"), words);
			return true;
		};
		const providers = { tar: { list: "x", create: "x", restore: "x" } };
		await assert.rejects(
			clan({ state: { "a b": { folders: ["/srv/a"] } }, providers }),
			says(/"a b" is not a valid name.*clan\.state/s),
		);
		await assert.rejects(
			clan({ state: { a: { folders: [] } }, providers }),
			says(/"a" has no folders and no databases/),
		);
		await assert.rejects(
			clan({ state: { a: { folders: ["/srv/a"] } }, providers: { tar: { list: "x", create: "x" } } }),
			says(/provider "tar" has no restore command/),
		);
	});
});

interface Schema {
	readonly properties?: Readonly<Record<string, Schema>>;
	readonly additionalProperties?: Schema;
}
