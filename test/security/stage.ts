// A folder that contains other users' folders, to use as the current folder as root or as one of them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratch } from "../support/scratch.ts";

export const PROJECT = join(import.meta.dirname, "../..");
export const HOLDFAST = process.env.HOLDFAST_UNDER_TEST ?? join(PROJECT, "bin/holdfast");
const folder = scratch("config");
chmodSync(folder, 0o755);
/** Nobody in particular: a service's user, and another one. */
export const ALICE = 65_534;
export const BOB = 65_533;

export interface Told {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

/** One of root's folders, with other users' folders in it; the marker must not appear. */
export class Stage {
	readonly root = mkdtempSync(join(folder, "stage-"));
	readonly marker = join(this.root, "pwned");

	constructor() {
		chmodSync(this.root, 0o755);
	}

	/** Create a folder, or a file if there is a text. */
	put(name: string, owner: number, mode: number, text?: string): string {
		const path = join(this.root, name);
		if (text === undefined) mkdirSync(path, { recursive: true });
		else writeFileSync(path, text);
		chownSync(path, owner, owner);
		chmodSync(path, mode);
		return path;
	}

	get code(): string {
		return `import { writeFileSync } from "node:fs"; writeFileSync(${JSON.stringify(this.marker)}, ""); export default { machines: { evil: { state: { s: { folders: ["/srv/s"] } } } } };`;
	}

	run(cwd: string, words: readonly string[], env: Readonly<Record<string, string>> = {}, uid = 0): Told {
		const { SUDO_UID: _, ...own } = process.env;
		// Other users may not be able to reach the checkout.
		const program =
			uid === 0 ? [HOLDFAST] : ["unshare", "-m", "sh", "-ec", AS_USER, "sh", PROJECT, String(uid), cwd];
		const { status, stdout, stderr } = spawnSync(program[0] ?? "", [...program.slice(1), ...words], {
			cwd: uid === 0 ? cwd : "/",
			encoding: "utf8",
			timeout: 20_000,
			env: {
				...own,
				HOME: join(this.root, "home"),
				XDG_CONFIG_HOME: join(this.root, "none"),
				HOLDFAST_STATE_DIR: join(this.root, `state-${uid}`),
				HOLDFAST_RUNTIME_DIR: join(this.root, `run-${uid}`),
				HOLDFAST_CACHE_DIR: join(this.root, `cache-${uid}`),
				...env,
			},
		});
		return { code: status, stdout, stderr };
	}

	assertUntouched(what: string): void {
		assert.ok(!existsSync(this.marker), `${what}: the code of somebody else ran`);
	}
}

const AS_USER = `project=$1 uid=$2 cwd=$3; shift 3; mount --bind "$project" /mnt; cd "$cwd"; exec setpriv --reuid "$uid" --regid "$uid" --clear-groups /mnt/bin/holdfast "$@"`;
export const YAML = "machines: { evil: { state: { s: { folders: [/srv/s] } } } }\n";
