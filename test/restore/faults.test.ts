// Failures around a restore while it runs: the engine dies, the network fails, disks are full, archives are hostile.
// The service ends up as before, and nothing outside its folders is written.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import { type Machine, machine, noMachines } from "../machine/machine.ts";
import { EVERY_ENGINE } from "../support/every-engine.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { isRoot } from "../support/tree.ts";
import { readsForEver } from "../support/units.ts";

const folder = scratch("faults");

describe("while a restore over the network is staging", { skip: noMachines }, () => {
	let web01: Machine;

	before(async () => {
		web01 = await machine("web01");
		const nas = await machine("nas", { units: ["ssh.service"] });
		await web01.write(
			"/etc/systemd/system/app.service",
			`[Service]\nExecStart=${readsForEver("/srv/app/file")}\n`,
		);
		const key = await web01.sh(`
			ssh-keygen -q -t ed25519 -N '' -f /root/key; cat /root/key.pub
			mkdir -p /srv/app; echo old >/srv/app/file; head -c 200000000 /dev/urandom >/srv/app/large
		`);
		await nas.sh(
			"useradd --system --create-home --shell /bin/sh borg; install -d -m 0700 -o borg /home/borg/.ssh",
		);
		await nas.write(
			"/home/borg/.ssh/authorized_keys",
			`command="borg serve --restrict-to-path /home/borg",restrict ${key}\n`,
		);
		const options =
			"-o BatchMode=yes -o StrictHostKeyChecking=accept-new -o ServerAliveInterval=1 -o ConnectTimeout=3";
		await web01.write(
			"/etc/holdfast/holdfast.json",
			JSON.stringify({
				machines: {
					web01: {
						state: { app: { folders: ["/srv/app"], stopOnRestore: ["app.service"], settle: 0 } },
						providers: {
							borgbackup: {
								destinations: {
									nas: {
										repo: "ssh://borg@nas/./repo",
										encryption: "none",
										rsh: `ssh -i /root/key ${options}`,
									},
								},
							},
						},
					},
				},
			}),
		);
		const { code, stderr } = await web01.holdfast("create");
		assert.equal(code, 0, stderr);
		await web01.sh("echo newer >/srv/app/file; systemctl start app");
	});

	const whileStaging = async (strike: () => Promise<unknown>) => {
		const invocation = await web01.sh("systemctl show -p InvocationID app");
		const restoring = web01.holdfast("restore", "--yes", "borgbackup", "latest");
		await web01.sh("until ls -d /srv/.holdfast-*/new/srv/app 2>/dev/null; do sleep 0.02; done");
		await strike();
		const { code, stderr } = await restoring;
		assert.equal(code, 1, stderr);
		assert.equal(await web01.sh("cat /srv/app/file; ls -A /srv"), "newer\napp");
		assert.equal(
			await web01.sh("systemctl show -p InvocationID app"),
			invocation,
			"the service never stopped",
		);
		return stderr;
	};

	test("the engine is killed: the service never notices", async () => {
		const stderr = await whileStaging(() => web01.sh("pkill -9 -f 'borg.*extract'"));
		assert.match(stderr, /borg was killed by SIGKILL|borg ended/);
	});

	test("the network goes: it is noticed soon, and the service never notices", {
		timeout: 120_000,
	}, async () => {
		const stderr = await whileStaging(() => web01.cutNetwork());
		await web01.restoreNetwork();
		assert.match(stderr, /the connection to .* failed/);
	});

	test("another restore meanwhile is told who works there", async () => {
		const first = web01.holdfast("restore", "--yes", "borgbackup", "latest");
		await web01.sh("until ls -d /srv/.holdfast-*/new 2>/dev/null; do sleep 0.02; done");
		const second = await web01.holdfast("restore", "--yes", "borgbackup", "latest");
		assert.equal(second.code, 4, second.stderr);
		assert.match(second.stderr, /another run is active on this machine: holdfast restore web01/);
		assert.equal((await first).code, 0);
	});
});

describe("disks that are full", { skip: !isRoot && "needs root" }, () => {
	test("a journal that can no longer be written does not stop the undo", async () => {
		const place = new Place(folder);
		place.write("own/a/file", "old");
		mkdirSync(place.path("state"));
		const filler = place.path("state/filler");
		const state = (hooks: object) => ({ s: { folders: [place.path("own/a")], hooks } });
		place.declare({ state: state({}) });
		await place.holdfast("create");
		place.write("own/a/file", "newer");
		place.declare({ state: state({ preRestore: `dd if=/dev/zero of=${filler} bs=4k 2>/dev/null || true` }) });
		const { stderr } = await place.start(
			["list"],
			[
				"unshare",
				"-m",
				"sh",
				"-c",
				`cp -a ${place.path("state")} ${place.path("copy")}; mount -t tmpfs -o size=1m tmpfs ${place.path("state")}
				cp -a ${place.path("copy")}/. ${place.path("state")}
				"$1" restore --yes tar latest >&2; echo "restore ended with $?" >&2
				echo "meanwhile it is $(cat ${place.path("own/a/file")})" >&2
				rm ${filler}; "$1" recover >&2; echo "recover ended with $?" >&2; "$1" runs >&2`,
				"sh",
			],
		).ended;
		assert.match(stderr, /cannot write the journal/);
		// Everything is back, but the files that the next recover relies on stay until the journal is updated.
		assert.match(stderr, /kept: the journal cannot be written/);
		assert.match(stderr, /restore ended with 5\nmeanwhile it is newer/);
		assert.match(stderr, /recover ended with 0/);
		assert.doesNotMatch(stderr, /running, or died/);
		assert.equal(readFileSync(place.path("own/a/file"), "utf8"), "newer");
		assert.deepEqual(readdirSync(place.path("own")), ["a"]);
	});

	for (const [engine, options] of Object.entries(EVERY_ENGINE))
		test(`${engine}: no space where it is restored to is said of that place, and not of the repository`, async () => {
			const place = new Place(folder);
			place.write("own/a/file", randomBytes(8 * 1024 * 1024).toString("latin1"));
			mkdirSync(place.path("small"));
			place.declare({
				state: { s: { folders: [place.path("own/a")] } },
				providers: { [engine]: options(place) },
			});
			assert.equal((await place.holdfast("create")).code, 0);
			const { stdout, stderr } = await place.start(
				["list"],
				[
					"unshare",
					"-m",
					"sh",
					"-c",
					`mount -t tmpfs -o size=2m tmpfs ${place.path("small")}
					"$1" restore --yes --into ${place.path("small/x")} --json ${engine} latest; ls -A ${place.path("small")} >&2`,
					"sh",
				],
			).ended;
			assert.match(
				stdout,
				/"code":"disk-full","subject":"[^"]+","message":"no space left in \S+\/small\/x to restore/,
			);
			assert.doesNotMatch(stdout, /"message":"[^"]*repository/);
			assert.doesNotMatch(stderr, /^x$/m, "nothing is left there");
		});
});

describe("an archive made by somebody hostile", () => {
	/** An archive of the tar provider with these members, written by hand. */
	function forge(place: Place, make: (build: string) => string[]): void {
		const build = place.path("build");
		mkdirSync(build, { recursive: true });
		const members = make(build);
		const root = place.path("own/a");
		const tar = execFileSync(
			"tar",
			["-c", "-P", "--format=posix", "--no-recursion", "-C", build, ...members],
			{ maxBuffer: 1e8 },
		);
		const data = zstdCompressSync(tar);
		const archive = place.path("archives/hostile");
		mkdirSync(archive, { recursive: true });
		writeFileSync(join(archive, "data.tar.zst"), data);
		writeFileSync(
			join(archive, "index.json"),
			JSON.stringify({
				format: "holdfast-tar",
				version: 1,
				metadata: {
					version: 1,
					machine: "web01",
					run: "x",
					created: new Date().toISOString(),
					manifest: "/x",
					states: { s: { outcome: "good", folders: [root] } },
				},
				segments: [
					{
						path: root,
						offset: 0,
						length: data.length,
						sha256: createHash("sha256").update(data).digest("hex"),
						tarBytes: tar.length,
					},
				],
			}),
		);
	}

	const placeWithVictim = () => {
		const place = new Place(folder);
		place.write("own/a/file", "live");
		place.write("victim/file", "untouched");
		place.declare({ state: { s: { folders: [place.path("own/a")] } } });
		return place;
	};
	const below = (build: string, path: string) => {
		const at = join(build, path);
		mkdirSync(join(at, ".."), { recursive: true });
		return at;
	};
	const everything = (place: Place) =>
		execFileSync("find", [place.path("victim"), "-printf", "%p %s %m %T@\n"], { encoding: "utf8" });

	for (const [name, make] of Object.entries({
		"members with ..": (place: Place, build: string) => {
			writeFileSync(below(build, "evil"), "evil");
			const inside = place.path("own/a").slice(1);
			mkdirSync(below(build, `${inside}/x`), { recursive: true });
			writeFileSync(join(build, inside, "file"), "from the archive");
			execFileSync("sh", ["-c", `mkdir -p "$1/${inside}"`, "sh", build]);
			return [inside, `${inside}/file`, `--transform=s,^evil$,${inside}/../../victim/file,`, "evil"];
		},
		"a link, then a file through it": (place: Place, build: string) => {
			const inside = place.path("own/a").slice(1);
			mkdirSync(join(build, inside), { recursive: true });
			symlinkSync(place.path("victim"), join(build, inside, "link"));
			writeFileSync(below(build, "evil"), "evil");
			return [inside, `${inside}/link`, `--transform=s,^evil$,${inside}/link/file,`, "evil"];
		},
		"a hard link to outside": (place: Place, build: string) => {
			const inside = place.path("own/a").slice(1);
			mkdirSync(join(build, inside), { recursive: true });
			execFileSync("ln", [place.path("victim/file"), join(build, "first")]);
			execFileSync("ln", [place.path("victim/file"), join(build, inside, "second")]);
			return [`--transform=s,^first$,${place.path("victim/file")},`, "first", inside, `${inside}/second`];
		},
		"another state's folder": (place: Place, build: string) => {
			const inside = place.path("own/a").slice(1);
			const other = place.path("victim").slice(1);
			mkdirSync(join(build, inside), { recursive: true });
			mkdirSync(join(build, other), { recursive: true });
			writeFileSync(join(build, inside, "file"), "from the archive");
			writeFileSync(join(build, other, "file"), "evil");
			return [inside, `${inside}/file`, other, `${other}/file`];
		},
	})) {
		test(`${name}: nothing outside the state's folder is written`, async () => {
			const place = placeWithVictim();
			forge(place, (build) => make(place, build));
			const before = everything(place);
			const { code, stderr } = await place.holdfast("restore", "--yes", "tar", "hostile");
			assert.equal(everything(place), before, stderr);
			assert.equal(readFileSync(place.path("victim/file"), "utf8"), "untouched");
			assert.ok(code === 0 || readFileSync(place.path("own/a/file"), "utf8") === "live", stderr);
			assert.deepEqual(readdirSync(place.path("own")), ["a"]);
		});
	}

	test("a description that leads out of the private folder is refused", async () => {
		const place = placeWithVictim();
		forge(place, (build) => {
			const inside = place.path("own/a").slice(1);
			mkdirSync(join(build, inside), { recursive: true });
			return [inside];
		});
		const index = place.path("archives/hostile/index.json");
		const before = everything(place);
		for (const target of [`/../../../..${place.path("victim")}`, "/srv/../etc", "relative", "/", ""]) {
			for (const description of [
				{ stored: { [place.path("own/a")]: target } },
				{ dumps: [{ dump: { postgresql: "x" }, stored: target, facts: {} }] },
			]) {
				const forged = JSON.parse(readFileSync(index, "utf8"));
				forged.metadata.states.s = { outcome: "good", folders: [place.path("own/a")], ...description };
				forged.segments[0].path = target;
				writeFileSync(index, JSON.stringify(forged));
				const { code, stderr } = await place.holdfast("restore", "--yes", "tar", "hostile");
				assert.equal(code, 1, stderr);
				assert.match(stderr, /is damaged: its .* is not valid: .*is not an absolute, normalised path/);
				assert.equal(everything(place), before);
			}
		}
	});

	test("an index whose folders are not this state's is refused", async () => {
		const place = placeWithVictim();
		forge(place, (build) => {
			const inside = place.path("own/a").slice(1);
			mkdirSync(join(build, inside), { recursive: true });
			return [inside];
		});
		const index = place.path("archives/hostile/index.json");
		for (const target of ["/etc", place.path("victim"), "relative", "/srv/../etc", "/"]) {
			const forged = JSON.parse(readFileSync(index, "utf8"));
			forged.metadata.states.s.folders = [target];
			forged.segments[0].path = target;
			writeFileSync(index, JSON.stringify(forged));
			const { code, stderr } = await place.holdfast("restore", "--yes", "tar", "hostile");
			assert.equal(code, 1, `${target}: ${stderr}`);
			assert.match(stderr, /but the config does not|is not an absolute, normalised path/);
			assert.ok(existsSync("/etc/passwd") && statSync("/etc").isDirectory());
			assert.equal(readFileSync(place.path("victim/file"), "utf8"), "untouched");
		}
	});
});
