// The users of this machine, from its name service.
import { execFile } from "node:child_process";
import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { HoldfastError } from "../values/error.ts";

export interface Account {
	readonly name: string;
	readonly uid: number;
	readonly gid: number;
	readonly home: string;
}

/** The user of this process. A number may have no name, as in a container or without the name service. */
export function ownUser(): Account {
	const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
	try {
		const { username, homedir } = userInfo();
		return { name: username, uid, gid, home: homedir };
	} catch {
		return { name: `uid ${uid}`, uid, gid, home: process.env.HOME ?? "/" };
	}
}

/** Those that were found. A run starts many programs as the same user, and each look-up is a program itself. */
const FOUND = new Map<string, Account>();

/** Look up a user. Running as another user requires root. */
export async function account(name: string): Promise<Account> {
	const own = ownUser();
	if (name === own.name) return own;
	if (own.uid !== 0)
		throw new HoldfastError("failed", `cannot run as user "${name}": Holdfast runs as "${own.name}"`, {
			hint: "run Holdfast as root, or remove `user`",
		});
	const found = FOUND.get(name) ?? (await accountOf(name));
	if (found) {
		FOUND.set(name, found);
		return found;
	}
	throw new HoldfastError("failed", `the user "${name}" does not exist on this machine`);
}

/** A user by name or number; undefined if there is none. */
export async function accountOf(user: string | number): Promise<Account | undefined> {
	const [name, , uid, gid, , home] = await lookUp("passwd", user);
	return name === undefined ? undefined : { name, uid: Number(uid), gid: Number(gid), home: home ?? "/" };
}

/** A group by name or number; undefined if there is none. */
export async function groupOf(
	group: string | number,
): Promise<{ name: string; gid: number; members: string[] } | undefined> {
	const [name, , gid, members = ""] = await lookUp("group", group);
	if (name === undefined) return undefined;
	return { name, gid: Number(gid), members: members.split(",").filter((one) => one !== "") };
}

/** UIDs that systemd assigns to services dynamically (systemd's "Users, Groups, UIDs and GIDs on systemd Systems"). */
const PASSING = { from: 61_184, to: 65_519 };

/**
 * A UID that belongs to no user and to no process, for a program that reads untrusted data: no user but root can access
 * the process. Undefined if we are not root and so cannot run a program as another user.
 */
export async function stranger(): Promise<Pick<Account, "uid" | "gid"> | undefined> {
	if (process.getuid?.() !== 0) return undefined;
	const count = PASSING.to - PASSING.from + 1;
	for (let tries = 0; tries < 100; tries++) {
		const id = PASSING.from + randomInt(count);
		if (isMapped(id) && !(await accountOf(id)) && !(await groupOf(id)) && !(await isRunning(id)))
			return { uid: id, gid: id };
	}
	throw new HoldfastError("failed", "no unused UID is available to run a program as");
}

/** In a user namespace fewer numbers may be available. */
function isMapped(id: number): boolean {
	return readFileSync("/proc/self/uid_map", "utf8")
		.trim()
		.split("\n")
		.some((line) => {
			const [inside = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
			return id >= inside && id < inside + count;
		});
}

async function isRunning(id: number): Promise<boolean> {
	const processes = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
	const owners = await Promise.all(
		processes.map((name) =>
			stat(join("/proc", name)).then(
				({ uid }) => uid,
				() => undefined,
			),
		),
	);
	return owners.includes(id);
}

/** The fields of an entry of the name service (getent(1)); empty if there is no such entry. */
async function lookUp(database: "passwd" | "group", key: string | number): Promise<string[]> {
	return promisify(execFile)("getent", [database, "--", String(key)]).then(
		({ stdout }) => stdout.trim().split(":"),
		() => [],
	);
}
