// What users can rely on for every kind of database, tested on its real server: one call of `fulfilsContract` per
// kind.
import assert from "node:assert/strict";
import { before, beforeEach, describe, test } from "node:test";
import { type Machine, machine, noMachines } from "../machine/machine.ts";

export interface Kind {
	readonly name: string;
	/** Another name for its machine, if a file tests several kinds. */
	readonly machine?: string;
	/** Only test that it is restored: for a variant of a kind that passes the full contract. */
	readonly brief?: boolean;
	/** Why it cannot be tested here. */
	readonly skip?: string | undefined;
	/** Units of the machine that start at boot. */
	readonly units: readonly string[];
	/** Units that a restore stops, of the application or of the server itself. */
	readonly stopOnRestore: readonly string[];
	/** The state's folders and dumps. */
	readonly folders: readonly string[];
	readonly dump: Readonly<Record<string, unknown>>;
	/** More of the state. */
	readonly state?: object;
	/** Flags of a restore when the database is gone. */
	readonly whenGone?: readonly string[];
	/** Run once: wait for the server, create accounts. */
	prepare(web01: Machine): Promise<void>;
	/** Run each time: the old content, whatever was there. */
	fill(web01: Machine): Promise<void>;
	/** Change, add and remove rows, and other parts of a database. */
	change(web01: Machine): Promise<void>;
	/** Everything that must be restored, as text, while the application may be using it. */
	facts(web01: Machine): Promise<string>;
	/**
	 * Remove the database while its application is stopped, as on a new machine; undefined if that means the folder.
	 */
	destroy?(web01: Machine): Promise<void>;
	/** Make a dump impossible, and revert that. */
	breakDown(web01: Machine): Promise<void>;
	repair(web01: Machine): Promise<void>;
	/** Make a dump start well and fail in the middle, if this is possible. */
	spoil?(web01: Machine): Promise<void>;
	/** Tests that only this kind has. */
	more?(tools: Tools): void;
	/** The output of `diff` after `change`; undefined if the live files of the database differ anyway. */
	readonly rowsChanged?: RegExp;
}

interface Tools {
	web01(): Machine;
	/** With more of the state. */
	declare(state?: object): Promise<unknown>;
	/** Its output, with this exit code. */
	holdfast(expected: number, ...words: string[]): Promise<string>;
	/** Nothing is left in Holdfast's folders. */
	tidy(): Promise<void>;
}

const PROVIDERS = {
	tar: { destinations: { disk: { path: "/mnt/archives" } } },
	borgbackup: { destinations: { repo: { repo: "/mnt/repo", encryption: "none" } } },
};

export function fulfilsContract(kind: Kind): void {
	describe(`a ${kind.name} database of a state`, { skip: noMachines ?? kind.skip }, () => {
		let web01: Machine;
		before(async () => {
			web01 = await machine(kind.machine ?? "web01", { units: kind.units });
			await kind.prepare(web01);
		});
		beforeEach(async () => {
			await web01.sh(
				"rm -rf /mnt/archives /mnt/repo /srv/other /var/lib/holdfast; mkdir -p /srv/other; echo x >/srv/other/file",
			);
			await kind.fill(web01);
		});

		const declare = (state: object = {}) =>
			web01.write(
				"/etc/holdfast/holdfast.json",
				JSON.stringify({
					machines: {
						web01: {
							state: {
								app: {
									folders: kind.folders,
									dumps: [kind.dump],
									stopOnRestore: kind.stopOnRestore,
									settle: 0,
									...kind.state,
									...state,
								},
								other: { folders: ["/srv/other"] },
							},
							providers: PROVIDERS,
						},
					},
				}),
			);
		const holdfast = async (expected: number, ...words: string[]) => {
			const { code, stdout, stderr } = await web01.holdfast(...words);
			assert.equal(code, expected, `holdfast ${words.join(" ")}\n${stdout}${stderr}`);
			return stdout + stderr;
		};
		const tidy = async () => {
			const left = await web01.sh(
				"ls -A /var/lib/holdfast | grep -Ev '^(journal.*|dumps|spool|private.key)$' || true; ls -Ad /srv/.holdfast* /var/lib/.holdfast* 2>/dev/null || true",
			);
			assert.equal(left, "");
			assert.equal(
				await web01.sh(
					"find /var/lib/holdfast/dumps /var/lib/holdfast/spool -type f -o -type p 2>/dev/null || true",
				),
				"",
			);
		};

		// With tar, the others below are restored.
		const tier = { borgbackup: "", tar: " [long]" };
		for (const provider of ["borgbackup", "tar"] as const)
			test(`comes back with ${provider} as it was${tier[provider]}`, async () => {
				await declare();
				const old = await kind.facts(web01);
				await holdfast(0, "create", "--provider", provider);
				await tidy();
				await kind.change(web01);
				assert.notEqual(await kind.facts(web01), old);
				await holdfast(0, "restore", "--yes", "--service", "app", provider, "latest");
				assert.equal(await kind.facts(web01), old);
				await tidy();
			});

		if (kind.brief) return;

		kind.more?.({ web01: () => web01, declare, holdfast, tidy });

		test("of two destinations, through a file: dumped once, in both [long]", async () => {
			await declare();
			const old = await kind.facts(web01);
			await holdfast(0, "create");
			await tidy();
			for (const provider of Object.keys(PROVIDERS)) {
				await kind.change(web01);
				await holdfast(0, "restore", "--yes", "--service", "app", provider, "latest");
				assert.equal(await kind.facts(web01), old);
			}
		});

		test("comes back when it is gone", async () => {
			await declare();
			const old = await kind.facts(web01);
			await holdfast(0, "create", "--provider", "tar");
			await web01.sh(`systemctl stop ${kind.stopOnRestore.join(" ")}`);
			if (kind.destroy) await kind.destroy(web01);
			else await web01.sh(`rm -rf ${kind.folders.join(" ")}`);
			const isUndone = kind.destroy !== undefined && kind.whenGone === undefined;
			const flags = ["--yes", ...(isUndone ? ["--keep-old", "7d"] : []), ...(kind.whenGone ?? [])];
			await holdfast(0, "restore", ...flags, "--service", "app", "tar", "latest");
			await web01.sh(`systemctl start ${kind.stopOnRestore.join(" ")}`);
			assert.equal(await kind.facts(web01), old);
			// There is no old database to put back: an undo drops nothing.
			if (!isUndone) return;
			assert.match(await holdfast(0, "undo", "--yes", "latest"), /stays, since there was none before/);
			assert.equal(await kind.facts(web01), old);
		});

		test("a check that fails brings back what was live", async () => {
			await declare({ healthChecks: [{ command: ["false"], within: 0 }] });
			await holdfast(0, "create", "--provider", "tar");
			await kind.change(web01);
			const newer = await kind.facts(web01);
			await holdfast(1, "restore", "--yes", "--service", "app", "tar", "latest");
			assert.equal(await kind.facts(web01), newer);
			await tidy();
		});

		test("--keep-old, and undo brings back what was live", async () => {
			await declare();
			const old = await kind.facts(web01);
			await holdfast(0, "create", "--provider", "tar");
			await kind.change(web01);
			const newer = await kind.facts(web01);
			const words = ["restore", "--yes", "--keep-old", "7d", "--service", "app", "tar", "latest"];
			const run = /run (\S+) in/.exec(await holdfast(0, ...words))?.[1] ?? "";
			assert.equal(await kind.facts(web01), old);
			await holdfast(0, "undo", "--yes", run);
			assert.equal(await kind.facts(web01), newer);
			await tidy();
		});

		test("--in-place brings it back as well [long]", async () => {
			await declare();
			const old = await kind.facts(web01);
			await holdfast(0, "create", "--provider", "tar");
			await kind.change(web01);
			await holdfast(0, "restore", "--yes", "--in-place", "--service", "app", "tar", "latest");
			assert.equal(await kind.facts(web01), old);
			await tidy();
		});

		test("one that cannot be dumped leaves out its own state only", async () => {
			await declare();
			await kind.breakDown(web01);
			await holdfast(3, "create", "--provider", "tar");
			await kind.repair(web01);
			const { archives } = JSON.parse((await web01.holdfast("list", "--json", "--provider", "tar")).stdout);
			const { app, other } = archives[0].metadata.states;
			assert.equal(app.outcome, "failed");
			assert.equal(other.outcome, "good");
			await tidy();
		});

		if (kind.spoil)
			for (const provider of ["borgbackup", "tar"] as const)
				test(`a dump that breaks off while ${provider} reads it leaves out its own state only${tier[provider]}`, async () => {
					await declare();
					await kind.spoil?.(web01);
					const said = await holdfast(3, "create", "--provider", provider);
					assert.match(said, /left out: state app: could not dump/);
					const { archives } = JSON.parse(
						(await web01.holdfast("list", "--json", "--provider", provider)).stdout,
					);
					assert.equal(archives.length, 1);
					const { app, other } = archives[0].metadata.states;
					assert.match(app.reason, /could not dump/);
					assert.equal(other.outcome, "good");
					await tidy();
					const words = ["restore", "--yes", "--service", "app", provider, "latest"];
					assert.match(await holdfast(1, ...words), /no complete archive of app was found/);
				});

		const { rowsChanged } = kind;
		if (rowsChanged === undefined) return;

		test("diff tells the rows that a restore would bring and take", async () => {
			await declare();
			await holdfast(0, "create", "--provider", "tar");
			assert.match(
				await holdfast(0, "diff", "--service", "app", "tar", "latest"),
				/^0 to add, 0 to remove, 0 to change$/m,
			);
			await kind.change(web01);
			assert.match(await holdfast(0, "diff", "--service", "app", "tar", "latest"), rowsChanged);
		});
	});
}
