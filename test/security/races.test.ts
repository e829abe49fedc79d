// A service's user swaps folders for links while root backs up and restores. Nothing that is root's alone may be read,
// nor anything outside the service's folders change.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
	chmodSync,
	existsSync,
	lchownSync,
	mkdirSync,
	readdirSync,
	renameSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { isRoot } from "../support/tree.ts";
import { guarded } from "./hostile.ts";

/** The long tier makes a thousand. */
const ROUNDS = Number(process.env.HOLDFAST_ROUNDS) || 2;
const USER = 65534;
const FLIPPER = join(import.meta.dirname, "flipper.mjs");

const base = scratch("races");
chmodSync(base, 0o755);
const onlyRoot = { skip: isRoot ? false : "needs root" };

const PROVIDERS: Readonly<Record<string, (place: Place) => object>> = {
	tar: (place) => ({ destinations: { d: { path: place.path("archives") } } }),
	borgbackup: (place) => ({ destinations: { d: { repo: place.path("repo"), encryption: "none" } } }),
	restic: (place) => ({
		destinations: {
			d: { repo: place.path("repo"), passphraseFile: place.write("passphrase", "correct horse\n") },
		},
	}),
	localbackup: (place) => ({ destinations: { d: { directory: place.path("disk") } } }),
};

/** `home` is the user's, and holds `up/app`, a state's folder; `outside` is root's, with the same names. */
function setUp(engine: string, state: object = {}) {
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
		providers: { [engine]: PROVIDERS[engine]?.(place) },
	});
	return { place, home, outside, before: guarded(outside) };
}

async function flipping(words: readonly string[], work: () => Promise<void>): Promise<void> {
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

/** Whatever the archives hold, by the engines' own programs: what a state that failed has left counts too. */
async function nothingOfRoots(place: Place, engine: string): Promise<void> {
	const look = place.path("look");
	mkdirSync(look);
	const run = (...words: string[]) =>
		execFileSync("sh", ["-c", words.join(" ")], {
			cwd: look,
			env: {
				...process.env,
				RESTIC_PASSWORD: "correct horse",
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
	else execFileSync("cp", ["-a", place.path("disk"), look]);
	assert.ok(
		readdirSync(look, { recursive: true }).some((path) => String(path).endsWith("/app/file")),
		"nothing was looked at",
	);
	const { stdout } = spawnSync("grep", ["-rlD", "skip", "root's own", look], { encoding: "utf8" });
	assert.equal(stdout, "", "an archive holds what is root's alone");
}

describe("a folder above the state's is swapped for a link", onlyRoot, () => {
	for (const engine of Object.keys(PROVIDERS))
		test(`${engine}: create`, async () => {
			const { place, home, outside, before } = setUp(engine);
			await place.holdfast("create");
			await flipping(["link", join(home, "up"), outside], async () => {
				for (let round = 0; round < ROUNDS; round++) await place.holdfast("create");
			});
			assert.equal(guarded(outside), before);
			await nothingOfRoots(place, engine);
		});

	for (const [what, words] of [
		["restore", []],
		["restore --path", ["--path", "FOLDER/deep"]],
		["restore --in-place", ["--in-place"]],
		["restore --keep-old, and undo", ["--keep-old", "1h"]],
	] as const)
		test(what, async () => {
			const { place, home, outside, before } = setUp("tar");
			await place.holdfast("create");
			const args = words.map((word) => word.replace("FOLDER", join(home, "up/app")));
			await flipping(["link", join(home, "up"), outside], async () => {
				for (let round = 0; round < 2 * ROUNDS; round++) {
					const { stderr } = await place.holdfast(
						"restore",
						"--yes",
						...args,
						"--service",
						"app",
						"tar",
						"latest",
					);
					if (what.endsWith("undo"))
						await place.holdfast("undo", "--yes", /run (\S+) in/.exec(stderr)?.[1] ?? "none");
					await place.holdfast("recover");
					assert.equal(guarded(outside), before);
				}
			});
			await place.holdfast("recover");
			assert.equal(guarded(outside), before);
		});

	test("with a link that stays, the error says what it is", async () => {
		const { place, home, outside, before } = setUp("tar");
		await place.holdfast("create");
		execFileSync("mv", [join(home, "up"), join(home, "up.kept")]);
		execFileSync("setpriv", [`--reuid=${USER}`, "--clear-groups", "ln", "-s", outside, join(home, "up")]);
		const says = /home\/up is a symbolic link to .*could have put it there, so it is not followed/;
		const created = await place.holdfast("create");
		assert.equal(created.code, 1);
		assert.match(created.stderr, says);
		const restored = await place.holdfast("restore", "--yes", "--service", "app", "tar", "latest");
		assert.notEqual(restored.code, 0);
		assert.match(restored.stderr, says);
		assert.match((await place.holdfast("diff", "--service", "app", "tar", "latest")).stderr, says);
		assert.equal(guarded(outside), before);
	});
});

describe("private folders are moved away, and links put in their place", onlyRoot, () => {
	for (const engine of Object.keys(PROVIDERS))
		test(`${engine}: on a filesystem that is the user's from its top on, there is no other place`, async (t) => {
			const { place, home, outside, before } = setUp(engine);
			rmSync(home, { recursive: true });
			mkdirSync(home);
			execFileSync("mount", ["-t", "tmpfs", "-o", `uid=${USER},gid=${USER},mode=0755`, "none", home]);
			t.after(() => execFileSync("umount", [home]));
			for (const file of ["up/app/file", "up/app/deep/file"]) place.write(`home/${file}`, "the user's");
			execFileSync("chown", ["-R", `${USER}:${USER}`, home]);
			await place.holdfast("create");
			await flipping(["areas", join(home, "up"), outside], async () => {
				for (let round = 0; round < ROUNDS; round++) {
					await place.holdfast("restore", "--yes", "--service", "app", engine, "latest");
					await place.holdfast("recover");
					assert.equal(guarded(outside), before);
				}
			});
			assert.equal(guarded(outside), before);
		});

	test("where root has a folder above, they are in that, and the restores go through", async () => {
		const { place, home, outside, before } = setUp("tar");
		await place.holdfast("create");
		await flipping(["areas", join(home, "up"), outside], async () => {
			for (let round = 0; round < ROUNDS; round++) {
				const restored = await place.holdfast("restore", "--yes", "--service", "app", "tar", "latest");
				assert.equal(restored.code, 0, restored.stderr);
			}
		});
		assert.equal(guarded(outside), before);
		assert.deepEqual(
			readdirSync(place.folder).filter((name) => name.startsWith(".holdfast-")),
			[],
		);
	});
});

describe("folders in the state's are swapped for links while they are read", onlyRoot, () => {
	for (const engine of Object.keys(PROVIDERS))
		test(engine, async () => {
			const { place, home, outside } = setUp(engine);
			// Whoever reads a folder's names and then opens each by its path meets the link at one of many.
			for (let index = 0; index < 300; index++) {
				place.write(`home/up/app/deep/${index}`, "the user's");
				place.write(`outside/${index}`, "root's own");
				chmodSync(place.path(`outside/${index}`), 0o600);
			}
			execFileSync("chown", ["-R", `${USER}:${USER}`, join(home, "up/app/deep")]);
			await flipping(["link", join(home, "up/app/deep"), outside], async () => {
				for (let round = 0; round < 2 * ROUNDS; round++) await place.holdfast("create");
			});
			await nothingOfRoots(place, engine);
		});
});

describe("a folder above the state's becomes a link, at one moment after the other", onlyRoot, () => {
	const restore = ["restore", "--yes", "--service", "app", "tar", "latest"];

	for (const words of [["create"], restore, [...restore, "--in-place"], ["undo", "--yes"]])
		test(words.join(" "), async () => {
			const { place, home, outside, before } = setUp("tar");
			const run = async (env: readonly string[]) => {
				let line = words;
				if (words[0] === "undo") {
					await place.holdfast(...restore, "--keep-old", "1d");
					const [last] = JSON.parse((await place.holdfast("runs", "--json")).stdout) as { id: string }[];
					line = [...words, String(last?.id)];
				}
				return place.start(line, ["env", ...env]).ended;
			};
			await place.holdfast("create");
			const traced = await run(["HOLDFAST_FAULT=trace"]);
			assert.equal(traced.code, 0, traced.stderr);
			const all = [...new Set([...traced.stderr.matchAll(/^fault-point (.+)$/gm)].map(([, point]) => point))];
			const points = all.filter((_, index) => ROUNDS > 2 || index % 4 === 1 || all.length < 12);
			const link = `ln -s ${outside} ${home}/up; chown -h ${USER} ${home}/up`;
			// A moment may come more than once in a run.
			const swap = `[ -L ${home}/up ] || { mv ${home}/up ${home}/up.real; ${link}; }`;
			for (const point of points) {
				const { stderr } = await run([`HOLDFAST_FAULT=run@${point}`, `HOLDFAST_FAULT_COMMAND=${swap}`]);
				assert.ok(stderr.includes(`fault-here ${point}`), `${point} was not reached\n${stderr}`);
				assert.equal(guarded(outside), before, point);
				rmSync(join(home, "up"));
				renameSync(join(home, "up.real"), join(home, "up"));
				await place.holdfast("recover");
				assert.equal(guarded(outside), before, `${point}, recovered`);
				assert.deepEqual(
					readdirSync(join(home, "up"), { recursive: true }).filter(
						(name) => !String(name).startsWith(".holdfast-20"),
					),
					["app", "app/deep", "app/file", "app/deep/file"],
					point,
				);
			}
			await nothingOfRoots(place, "tar");
		});
});

describe("a SQLite file of the user's", onlyRoot, () => {
	const state = (home: string) => ({ dumps: [{ sqlite: join(home, "up/app/db.sqlite") }] });
	const sqlite = (file: string, sql: string) => execFileSync("sqlite3", [file, sql], { encoding: "utf8" });
	const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

	/** The state's folder, with a database in it, and one of root's outside. */
	function withDatabases() {
		const { place, home, outside } = setUp("tar");
		const [own, roots] = [join(home, "up/app/db.sqlite"), join(outside, "db.sqlite")];
		rmSync(roots);
		for (const [file, value] of [
			[own, "the user's"],
			[roots, "root's own"],
		] as const)
			sqlite(file, `CREATE TABLE t (text); INSERT INTO t VALUES (${literal(value)})`);
		chmodSync(roots, 0o600);
		execFileSync("chown", [`${USER}:${USER}`, own]);
		place.declare({ state: { app: { folders: [join(home, "up/app")], ...state(home) } } });
		return { place, home, outside, own, roots, before: guarded(outside) };
	}

	test("what its owner has told sqlite3 to run at its start is not run", async () => {
		const { place, home, own, outside, before } = withDatabases();
		const ran = join(home, "ran");
		for (const at of [home, join(home, "up/app")])
			writeFileSync(join(at, ".sqliterc"), `.shell touch ${ran}\n.output ${ran}\n`);
		// The machine knows the user, whose home this is.
		const passwd = execFileSync("getent", ["passwd"], { encoding: "utf8" }).replace(
			/^(nobody:.*):[^:]*:([^:]*)$/m,
			`$1:${home}:$2`,
		);
		const script = `mount --bind ${place.write("passwd", passwd)} /etc/passwd`;
		const created = await place.holdfastAfter(script, "create");
		assert.equal(created.code, 0, created.stderr);
		await place.holdfastAfter(script, "diff", "tar", "latest");
		await place.holdfast("diff", "tar", "latest");
		assert.equal(existsSync(ran), false);
		assert.equal(guarded(outside), before);
		assert.match(sqlite(own, "SELECT text FROM t"), /the user's/);
	});

	test("it is a link to one of root's, or becomes one", async () => {
		const { place, own, roots, outside, before } = withDatabases();
		await place.holdfast("create");
		renameSync(own, `${own}.kept`);
		symlinkSync(roots, own);
		lchownSync(own, USER, USER);
		assert.equal((await place.holdfast("create")).code, 1);
		rmSync(own);
		renameSync(`${own}.kept`, own);
		await flipping(["link", own, roots], async () => {
			for (let round = 0; round < 3 * ROUNDS; round++) {
				await place.holdfast("create");
				await place.holdfast("restore", "--yes", "--service", "app", "tar", "latest");
				await place.holdfast("diff", "--service", "app", "tar", "latest");
				await place.holdfast("recover");
				assert.equal(guarded(outside), before);
			}
		});
		await nothingOfRoots(place, "tar");
	});

	test("its folder becomes a link to root's after it was dumped", async () => {
		const { place, home, outside, before } = withDatabases();
		await place.holdfast("create");
		await flipping(["link", join(home, "up/app"), outside], async () => {
			for (let round = 0; round < 2 * ROUNDS; round++) {
				await place.holdfast("restore", "--yes", "--service", "app", "tar", "latest");
				await place.holdfast("recover");
				assert.equal(guarded(outside), before);
			}
		});
	});

	test("a FIFO, a folder or a device in its place is an error, and nobody waits for it", async () => {
		const { place, own } = withDatabases();
		for (const make of [
			["mkfifo", own],
			["mkdir", own],
			["mknod", own, "c", "1", "3"],
		]) {
			rmSync(own, { recursive: true });
			execFileSync(make[0] ?? "", make.slice(1));
			const created = await place.holdfast("create");
			assert.equal(created.code, 1);
			assert.match(created.stderr, /is not a regular file/);
		}
	});
});
