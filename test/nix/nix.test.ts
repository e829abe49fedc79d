// Nix evaluates for real: the modules, the blog post's snippets, flakes. Where nixpkgs' lib and Clan's own modules are named by
// HOLDFAST_NIXPKGS_LIB and HOLDFAST_CLAN_CORE, they are evaluated as well, with the same answers.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { configJsonSchema } from "../../src/config/json-schema.ts";
import { loadConfig } from "../../src/config/load.ts";
import { jobsOf, unitsOf } from "../../src/fleet/units.ts";
import type { HoldfastError } from "../../src/manifest/error.ts";
import type { Manifest } from "../../src/manifest/schema.ts";
import { type Machine, machine, noMachines } from "../machine/machine.ts";
import { scratch } from "../support/scratch.ts";

const PROJECT = join(import.meta.dirname, "../..");
const { HOLDFAST_NIXPKGS_LIB, HOLDFAST_CLAN_CORE } = process.env;
const noNix = existsSync("/usr/bin/nix") ? undefined : "needs Nix (Debian: nix-bin)";
const folder = scratch("nix");
let count = 0;

interface Evaluated {
	readonly declared: Record<string, unknown>;
	readonly enable: boolean;
	readonly assertions: readonly { assertion: boolean; message: string }[];
	readonly timers: Record<string, Record<string, unknown>>;
	readonly services: Record<string, { ExecStart: string; unit: object }>;
	readonly packages: readonly string[];
	readonly clan: Record<string, string> | null;
	readonly stateOptions: readonly string[];
}

function evaluate(modules: readonly string[], lib = "./lib.nix"): Evaluated {
	const file = join(folder, `${count++}.nix`);
	const at = (path: string) => (path.startsWith("/") ? path : join(import.meta.dirname, path));
	writeFileSync(
		file,
		`import ${at("evaluate.nix")} { lib = import ${at(lib)}; modules = [ ${modules.map(at).join(" ")} ]; }`,
	);
	return JSON.parse(
		execFileSync("nix-instantiate", ["--eval", "--strict", "--json", "--read-write-mode", file], {
			encoding: "utf8",
			stdio: ["ignore", "pipe", "pipe"],
		}),
	);
}

async function manifestOf(declared: unknown): Promise<Manifest> {
	const file = join(folder, `${count++}.json`);
	writeFileSync(file, JSON.stringify({ machines: { web01: declared } }));
	const manifest = (await loadConfig(file)).machines.get("web01");
	assert.ok(manifest);
	return manifest;
}

/** Reviewed by people: what the declaration must become, and not what it became. */
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
	const BLOG = ["../../nix/clan.nix", "clan-core.nix", "blog.nix"];
	const CLAN = ["../../nix/clan.nix", "clan-core.nix", "clan-services.nix"];
	const CONTRACT = ["../../nix/selfhostblocks.nix", "contract.nix"];

	test("the module's declarations become the manifest that the same YAML would", async () => {
		assert.deepEqual(plainOf(await manifestOf(evaluate(PLAIN).declared)), golden("plain"));
	});

	test("its options of a state are those of a config's state", () => {
		const machines = (configJsonSchema() as unknown as Schema).properties?.machines;
		const state = machines?.additionalProperties?.properties?.state?.additionalProperties?.properties;
		assert.deepEqual([...evaluate(PLAIN).stateOptions].sort(), Object.keys(state ?? {}).sort());
	});

	test("its units do what a deploy's do, at the same times", async () => {
		for (const modules of [PLAIN, CLAN]) {
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
				assert.equal(timers[`holdfast-${name}`]?.OnCalendar, calendar);
				const text = files.find((file) => file.name === `holdfast-${name}.service`)?.text ?? "";
				for (const [key, value] of Object.entries(services[`holdfast-${name}`] ?? {}))
					if (key !== "unit" && key !== "CapabilityBoundingSet")
						assert.ok(text.includes(`${key}=${value}\n`), `${key}=${value} in ${text}`);
			}
		}
	});

	test("an enabled module that declares nothing, or keeps archives nowhere, says so", () => {
		const { assertions } = evaluate(["../../nix/module.nix", "empty.nix"]);
		assert.deepEqual(
			assertions.map(({ assertion }) => assertion),
			[false, false],
		);
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
			says(/"a b" cannot be a name.*clan\.state/s),
		);
		await assert.rejects(
			clan({ state: { a: { folders: [] } }, providers }),
			says(/"a" owns no folder and no database/),
		);
		await assert.rejects(
			clan({ state: { a: { folders: ["/srv/a"] } }, providers: { tar: { list: "x", create: "x" } } }),
			says(/provider "tar" has no restore command/),
		);
	});
});

describe("flakes", { skip: noNix }, () => {
	const flake = join(folder, "flake");
	const program = join(PROJECT, "bin/holdfast");
	const env = { ...process.env, HOLDFAST_CACHE_DIR: join(folder, "cache") };
	const holdfast = (...words: string[]) => spawnSync(program, words, { encoding: "utf8", cwd: flake, env });

	before(() => {
		mkdirSync(flake);
		declare('clan.core.state.zerotier.folders = [ "/var/lib/zerotier-one" ];');
	});
	const declare = (config: string) =>
		writeFileSync(
			join(flake, "flake.nix"),
			`{ outputs = { self }: { nixosConfigurations.web01.config = { ${config} clan.core.backups.providers.tar = { name = "tar"; list = "l"; create = "c"; restore = "r"; }; }; }; }\n`,
		);

	test("import nix prints a config that is valid", () => {
		const { status, stdout, stderr } = holdfast("import", "nix", ".#web01");
		assert.equal(status, 0, stderr);
		assert.match(
			stdout,
			/web01:\n {4}system: nixos\n(.*\n)* {6}zerotier:\n {8}folders:\n {10}- \/var\/lib\/zerotier-one/,
		);
		writeFileSync(join(flake, "imported.yaml"), stdout);
		assert.equal(holdfast("validate", "--config", "imported.yaml").status, 0);
	});

	test("import clan takes what was evaluated already", () => {
		writeFileSync(
			join(flake, "web01.json"),
			JSON.stringify({
				state: { a: { folders: ["/srv/a"], preBackupScript: "echo x" } },
				backups: { providers: { tar: { name: "tar", list: "l", create: "c", restore: "r" } } },
			}),
		);
		const { status, stdout, stderr } = holdfast("import", "clan", "web01.json", "--machine", "web01");
		assert.equal(status, 0, stderr);
		assert.match(stdout, /preBackup:\n +script: echo x/);
	});

	test("machines.<name>.nix is evaluated anew when the flake has changed, and only then", () => {
		writeFileSync(
			join(flake, "holdfast.yaml"),
			"machines: { web01: { nix: .#web01, state: { own: { folders: [/srv/own] } } } }\n",
		);
		const states = () => Object.keys(JSON.parse(holdfast("manifest").stdout).state).sort();
		assert.deepEqual(states(), ["own", "zerotier"]);
		const cached = () => readdirSync(join(folder, "cache/nix")).length;
		const known = cached();
		assert.deepEqual(states(), ["own", "zerotier"]);
		assert.equal(cached(), known);
		declare('clan.core.state.garage.folders = [ "/var/lib/garage" ];');
		assert.deepEqual(states(), ["garage", "own"]);
		assert.equal(cached(), known + 1);
	});

	test("an error of Nix's is shown as Nix says it, below what we were doing; a machine that is not there too", () => {
		declare('clan.core.state.a.folders = throw "not today";');
		const { status, stderr } = holdfast("manifest");
		assert.equal(status, 2);
		assert.match(
			stderr,
			/^holdfast: could not evaluate \.#web01: nix ended with exit code 1\n(.*\n)*.*not today/,
		);
		assert.match(holdfast("import", "nix", ".#web02").stderr, /does not provide attribute.*web02/s);
		assert.match(holdfast("import", "nix", "web02").stderr, /names no machine/);
	});

	test("a Nix that is too old, and inputs that are locked to a place that cannot be reached, are said", () => {
		const bin = join(folder, "old-nix");
		mkdirSync(bin);
		// A stand-in: Debian has no Nix before 2.4.
		writeFileSync(
			join(bin, "nix"),
			'#!/bin/sh\n[ "$1" = --version ] && { echo "nix (Nix) 2.3.16"; exit; }\necho "error: unrecognised flag" >&2; exit 1\n',
			{ mode: 0o755 },
		);
		const old = spawnSync(program, ["import", "nix", ".#web01"], {
			encoding: "utf8",
			cwd: flake,
			env: { ...env, PATH: `${bin}:${process.env.PATH}` },
		});
		assert.equal(old.status, 2);
		assert.match(old.stderr, /this is nix \(Nix\) 2\.3\.16: flakes need Nix 2\.4 or later/);
		const away = join(folder, "away");
		mkdirSync(away);
		writeFileSync(
			join(away, "flake.nix"),
			'{ inputs.there.url = "http://127.0.0.1:9/there.tar.gz"; outputs = { self, there }: { nixosConfigurations.web01.config = there; }; }\n',
		);
		const { status, stderr } = spawnSync(program, ["import", "nix", `${away}#web01`], {
			encoding: "utf8",
			env,
		});
		assert.equal(status, 2);
		assert.match(
			stderr,
			/could not evaluate .*(\n.*)*unable to download.*(\n.*)*an input is locked to a place that cannot be reached from here/,
		);
	});

	test("a git flake that is dirty counts as it lies there, and that is said", () => {
		declare('clan.core.state.b.folders = [ "/srv/b" ];');
		const git = (...words: string[]) =>
			execFileSync("git", ["-C", flake, "-c", "user.name=t", "-c", "user.email=t@t", ...words], {
				stdio: "ignore",
			});
		git("init", "-q");
		git("add", "-A");
		git("commit", "-qm", "x");
		assert.doesNotMatch(holdfast("manifest").stderr, /dirty/);
		declare('clan.core.state.c.folders = [ "/srv/c" ];');
		const { stdout, stderr } = holdfast("manifest");
		assert.match(stderr, /dirty: what is not committed counts as well/);
		assert.ok("c" in JSON.parse(stdout).state);
	});
});

describe("what the blog post declares works", { skip: noNix ?? noMachines }, () => {
	let web01: Machine;
	before(async () => {
		web01 = await machine("web01", { units: ["postgresql.service"] });
		await await declare();
		await web01.sh(`
			mkdir -p /var/lib/zerotier-one; echo identity >/var/lib/zerotier-one/identity.secret
			until runuser -u postgres -- pg_isready -q; do sleep 0.2; done
			cd /; runuser -u postgres -- createdb app; runuser -u postgres -- psql -q app -c "create table t (x text); insert into t values ('one')"
		`);
	});

	const declare = (...more: string[]) =>
		web01.write(
			"/etc/holdfast/holdfast.json",
			JSON.stringify({
				machines: {
					web01: evaluate(["../../nix/clan.nix", "clan-core.nix", "blog.nix", ...more]).declared,
				},
			}),
		);

	test("created and listed by the snippets' own commands; restored too, once the toy's names are mended", async () => {
		const succeeds = async (...words: string[]) => {
			const { code, stdout, stderr } = await web01.holdfast(...words);
			assert.equal(code, 0, stdout + stderr);
			return stdout;
		};
		await succeeds("create");
		assert.match(await succeeds("list"), /tar::command::\/var\/lib\/system-back.tar/);
		await web01.sh(
			"rm /var/lib/zerotier-one/identity.secret; cd /; runuser -u postgres -- psql -q app -c \"update t set x = 'two'\"",
		);
		// As it stands in the post, tar finds no such name: what was there is back.
		await web01.sh("echo changed >/var/lib/zerotier-one/new");
		const toy = await web01.holdfast("restore", "--yes", "--service", "zerotier", "tar", "latest");
		assert.equal(toy.code, 1);
		assert.match(toy.stderr, /tar: \/var\/lib\/zerotier-one: Not found in archive/);
		assert.equal(
			await web01.sh("find /var/lib -maxdepth 2 -name '.holdfast-*'; cat /var/lib/zerotier-one/new"),
			"changed",
		);
		await declare("blog-mended.nix");
		await succeeds("restore", "--yes", "--service", "zerotier", "tar", "latest");
		assert.equal(await web01.sh("cat /var/lib/zerotier-one/identity.secret"), "identity");
		await succeeds("restore", "--yes", "--service", "app", "tar", "latest");
		assert.equal(await web01.sh('cd /; runuser -u postgres -- psql -At app -c "select x from t"'), "one");
	});

	test("snapshots that Clan's localbackup made are listed, and restored service by service", async () => {
		await web01.write(
			"/etc/holdfast/holdfast.json",
			JSON.stringify({
				machines: {
					web01: {
						clan: {
							state: { notes: { folders: ["/srv/notes"] }, other: { folders: ["/srv/other"] } },
							providers: { localbackup: { list: "l", create: "c", restore: "r" } },
							localbackup: { targets: { usb: { directory: "/mnt/usb/backup" } }, snapshots: 20 },
						},
					},
				},
			}),
		);
		// As its rsnapshot lays them out: snapshot.N/HOSTNAME/the folders' own paths.
		await web01.sh(
			"mkdir -p /srv/notes /srv/other /mnt/usb/backup/snapshot.0/web01/srv/notes /mnt/usb/backup/snapshot.0/web01/srv/other; echo one >/mnt/usb/backup/snapshot.0/web01/srv/notes/file; echo one >/mnt/usb/backup/snapshot.0/web01/srv/other/file; echo two >/srv/notes/file; echo two >/srv/other/file",
		);
		const listed = await web01.holdfast("list");
		assert.match(listed.stdout, /usb::\/mnt\/usb\/backup::snapshot\.0/, listed.stderr);
		const { code, stderr } = await web01.holdfast(
			"restore",
			"--yes",
			"--service",
			"notes",
			"localbackup",
			"snapshot.0",
		);
		assert.equal(code, 0, stderr);
		assert.equal(await web01.sh("cat /srv/notes/file /srv/other/file"), "one\ntwo");
	});

	test("`clan backups` finds ours as a provider: a JSON list, NAME and FOLDERS; archives that Clan made are there too", async () => {
		await web01.write(
			"/etc/holdfast/holdfast.json",
			JSON.stringify({
				machines: {
					web01: {
						clan: {
							state: {
								notes: { folders: ["/srv/notes", "/srv/more"], preRestoreScript: "touch /tmp/hook-ran" },
							},
							providers: { borgbackup: { list: "l", create: "c", restore: "r" } },
							borgbackup: {
								jobs: {
									nas: {
										repo: "/srv/borg",
										environment: {},
										encryption: { mode: "none" },
										exclude: [],
										startAt: "daily",
										compression: "auto,zstd",
										prune: { keep: { within: "1d", daily: 7 } },
									},
								},
							},
						},
					},
				},
			}),
		);
		await web01.sh(
			"mkdir -p /srv/notes /srv/more; echo one >/srv/notes/file; echo one >/srv/more/file; cd /; borg init -e none /srv/borg; borg create /srv/borg::web01-nas-2026-11-01T01:00:00 srv/notes srv/more",
		);
		const listed = await web01.holdfast("clan", "list");
		assert.equal(listed.code, 0, listed.stderr);
		assert.deepEqual(JSON.parse(listed.stdout), [{ name: "nas::/srv/borg::web01-nas-2026-11-01T01:00:00" }]);
		await web01.sh("echo two >/srv/notes/file; echo extra >/srv/more/other");
		const restored = await web01.run(["/opt/holdfast/bin/holdfast", "clan", "restore"], {
			env: { NAME: "nas::/srv/borg::web01-nas-2026-11-01T01:00:00", FOLDERS: "/srv/more:/srv/notes" },
		});
		assert.equal(restored.code, 0, restored.stderr);
		assert.equal(
			await web01.sh("cat /srv/notes/file; ls /srv/more; ls /tmp/hook-ran 2>/dev/null || true"),
			"one\nfile",
		);
		const unknown = await web01.run(["/opt/holdfast/bin/holdfast", "clan", "restore"], {
			env: { NAME: "x", FOLDERS: "/srv/else" },
		});
		assert.match(unknown.stderr, /no state of "web01" has the folders \/srv\/else/);
		const { code } = await web01.holdfast(
			"restore",
			"--yes",
			"--service",
			"notes",
			"web01",
			"borgbackup",
			"nas::/srv/borg::web01-nas-2026-11-01T01:00:00",
		);
		assert.equal(code, 0);
		await web01.sh("test -e /tmp/hook-ran");
	});
});

interface Schema {
	readonly properties?: Readonly<Record<string, Schema>>;
	readonly additionalProperties?: Schema;
}
