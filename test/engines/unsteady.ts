// The part of a provider's contract about files that change while they are read.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
	appendFileSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { CreateResult } from "../../src/engines/destination.ts";
import type { Engine } from "./engines.ts";
import { type Bench, intoFolder, metadataOf, quiet } from "./fixtures.ts";

const LARGE = 16 * 1024 * 1024;
const NAMES = ["large: 1", "large\n2", "large\\3", "large ü4"];

export function toldWhatIsUnsteady({ passesOverVanished = false }: Engine, setUp: () => Bench): void {
	/** While the engine has one of the large files open, the others are changed. */
	async function createDuring(meddle: (root: string) => void) {
		const { folder, destination } = setUp();
		const root = mkdtempSync(join(folder, "unsteady "));
		for (const name of NAMES) writeFileSync(join(root, name), randomBytes(LARGE));
		mkdirSync(join(root, "zz"));
		for (let index = 0; index < 200; index++) writeFileSync(join(root, "zz", `${index}: it's`), "small");
		const request = { name: "a", roots: [{ path: root, exclude: [] }], metadata: metadataOf("a") };
		const created = destination.create(request, true, quiet);
		const state = { ended: false };
		const ended = () => {
			state.ended = true;
		};
		created.then(ended, ended);
		while (!state.ended && !isRead(root)) await pause(1);
		assert.ok(!state.ended, "it was caught at work");
		meddle(root);
		const result: CreateResult = await created;
		const into = join(folder, "into");
		mkdirSync(into);
		await destination.restore("a", [root], intoFolder(into), quiet);
		return { root, result, back: into + root };
	}
	const told = ({ unsteady }: CreateResult, what: string) =>
		new Set(unsteady.filter((one) => one.what === what).map(({ path }) => path));

	test("a folder that is told to have been read is in the archive as it was until then", async () => {
		const { folder, destination } = setUp();
		if (destination.tellsPassed !== true) return;
		const paths = ["z", "a", "m"].map((name) => join(folder, name));
		for (const path of paths) {
			mkdirSync(join(path, "sub"), { recursive: true });
			writeFileSync(join(path, "sub", "file"), "before");
		}
		const passed: string[] = [];
		const request = {
			...{ name: "a", roots: paths.map((path) => ({ path, exclude: [] })), metadata: metadataOf("a") },
			passed(path: string) {
				passed.push(path);
				writeFileSync(join(path, "sub", "file"), "after");
			},
		};
		await destination.create(request, true, quiet);
		assert.deepEqual(passed, paths, "in the order that was asked for");
		const into = join(folder, "into");
		mkdirSync(into);
		await destination.restore("a", paths, intoFolder(into), quiet);
		for (const path of paths) assert.equal(readFileSync(join(into + path, "sub", "file"), "utf8"), "before");
	});

	test("what vanishes or changes while it is read is told by its name, and costs the rest nothing", async () => {
		const meanwhile = (root: string) => {
			// At once, while one of them is open: on a busy machine the writer may be too late for all of them.
			for (const name of NAMES) appendFileSync(join(root, name), "more");
			rmSync(join(root, "zz"), { recursive: true });
			const end = Date.now() + 20_000;
			const script = 'while kill -0 "$1"; do for f in large*; do echo more >>"$f"; done; done';
			const writer = spawn("sh", ["-c", script, "sh", `${process.pid}`], { cwd: root, stdio: "ignore" });
			let idle = 0;
			const watch = setInterval(() => {
				// Between two files, none is open.
				idle = isRead(root) ? 0 : idle + 1;
				if (Date.now() < end && idle < 25) return;
				clearInterval(watch);
				writer.kill();
			}, 20);
		};
		// On a busy machine, the engine may finish before anything is changed.
		let tries = 0;
		let { root, result, back } = await createDuring(meanwhile);
		const isMissed = () =>
			told(result, "changed").size === 0 || (told(result, "vanished").size === 0 && !passesOverVanished);
		while (isMissed() && ++tries < 4) ({ root, result, back } = await createDuring(meanwhile));
		assert.deepEqual(result.unreadable, []);
		const vanished = told(result, "vanished");
		assert.ok(vanished.size > 0 || passesOverVanished, "what vanished is told");
		for (const path of vanished)
			assert.ok(path === join(root, "zz") || path.startsWith(join(root, "zz/")), path);
		const changed = told(result, "changed");
		assert.ok(changed.size > 0, "what changed is told");
		for (const path of changed) assert.ok(NAMES.includes(path.slice(root.length + 1)), path);
		for (const name of NAMES) assert.ok(statSync(join(back, name)).size >= LARGE);
	});

	test("what is deleted and made again while it is read costs the rest nothing [long]", async () => {
		const { folder, destination } = setUp();
		const root = mkdtempSync(join(folder, "unsteady "));
		for (let index = 0; index < 1500; index++) writeFileSync(join(root, `still ${index}`), "small");
		for (let index = 0; index < 40; index++) writeFileSync(join(root, `v${index}`), "small");
		const script =
			'while kill -0 "$1"; do for n in $(seq 0 39); do rm "v$n"; echo again >"v$n"; done; done 2>/dev/null';
		const writer = spawn("sh", ["-c", script, "sh", `${process.pid}`], { cwd: root, stdio: "ignore" });
		try {
			for (const name of ["a", "b", "c", "d"]) {
				const request = { name, roots: [{ path: root, exclude: [] }], metadata: metadataOf(name) };
				const { unreadable } = await destination.create(request, name === "a", quiet);
				assert.deepEqual(unreadable, []);
			}
		} finally {
			writer.kill();
		}
	});
}

/** Whether a program has one of its large files open. */
function isRead(root: string): boolean {
	return readdirSync("/proc")
		.filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
		.some((pid) => {
			try {
				return readdirSync(`/proc/${pid}/fd`).some((fd) => {
					try {
						const open = readlinkSync(`/proc/${pid}/fd/${fd}`);
						return open.startsWith(`${root}/large`) && readsOnly(pid, fd);
					} catch {
						return false;
					}
				});
			} catch {
				return false;
			}
		});
}

const readsOnly = (pid: string, fd: string) =>
	/^flags:\s+\d*0$/m.test(readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8"));
