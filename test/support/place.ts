// A place to run the program in: a folder for the test, with its config, its journal and its lock.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { testedBundle } from "./tested-bundle.ts";

const PROJECT = join(import.meta.dirname, "../..");
const CODE = join(PROJECT, "node_modules/.cache/holdfast-code");
const HOLDFAST = join(PROJECT, "bin/holdfast");

export interface Output {
	readonly code: number | null;
	readonly signal: NodeJS.Signals | null;
	readonly stdout: string;
	readonly stderr: string;
}

export class Place {
	readonly folder: string;

	constructor(scratch: string) {
		this.folder = mkdtempSync(join(scratch, "place-"));
		// Only the program's compiled code is shared: it is the same everywhere and need not be created each time.
		// The folder above holds servers as well, which run as users of their own.
		mkdirSync(dirname(CODE), { recursive: true });
		mkdirSync(CODE, { recursive: true, mode: 0o700 });
		mkdirSync(this.path("cache/holdfast"), { recursive: true, mode: 0o700 });
		symlinkSync(CODE, this.path("cache/holdfast/code"));
	}

	/** The absolute path of something below the place. */
	path(...parts: string[]): string {
		return join(this.folder, ...parts);
	}

	write(name: string, content: string | Buffer): string {
		const file = this.path(name);
		mkdirSync(join(file, ".."), { recursive: true });
		writeFileSync(file, content);
		return file;
	}

	/** One machine; its providers default to a tar destination `disk` in `archives`. */
	declare(machine: { state: object; providers?: object; databaseServers?: object }): void {
		const providers = { tar: { destinations: { disk: { path: this.path("archives") } } } };
		this.write("holdfast.json", JSON.stringify({ machines: { web01: { providers, ...machine } } }));
	}

	get env(): NodeJS.ProcessEnv {
		return {
			...process.env,
			HOLDFAST_STATE_DIR: this.path("state"),
			HOLDFAST_RUNTIME_DIR: this.path("run"),
			HOLDFAST_CACHE_DIR: this.path("cache/holdfast"),
			XDG_CACHE_HOME: this.path("cache"),
			XDG_CONFIG_HOME: this.path("config"),
		};
	}

	start(
		args: readonly string[],
		wrapper: readonly string[] = [],
	): { child: ChildProcess; ended: Promise<Output> } {
		const [program = HOLDFAST, ...words] = [...wrapper, HOLDFAST, ...args];
		const child = spawn(program, words, {
			cwd: this.folder,
			env: { ...this.env, ...testedBundle(PROJECT) },
			stdio: ["ignore", "pipe", "pipe"],
		});
		let stdout = "";
		let stderr = "";
		child.stdout?.setEncoding("utf8").on("data", (chunk) => {
			stdout += chunk;
		});
		child.stderr?.setEncoding("utf8").on("data", (chunk) => {
			stderr += chunk;
		});
		const ended = new Promise<Output>((resolve, reject) => {
			child.on("error", reject);
			child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
		});
		return { child, ended };
	}

	holdfast(...args: string[]): Promise<Output> {
		return this.start(args).ended;
	}

	/** In a separate mount namespace, where this script (as root) may mount what it likes. */
	holdfastAfter(script: string, ...args: string[]): Promise<Output> {
		return this.start(args, ["unshare", "-m", "sh", "-ec", `${script}\nexec "$@"`, "sh"]).ended;
	}
}
