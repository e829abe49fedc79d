// The users of this machine, as its name service knows them.
import { execFile } from "node:child_process";
import { userInfo } from "node:os";
import { promisify } from "node:util";
import { HoldfastError } from "../manifest/error.ts";

export interface Account {
	readonly name: string;
	readonly uid: number;
	readonly gid: number;
	readonly home: string;
}

/** Look a user up. Running as another user than our own needs root. */
export async function account(name: string): Promise<Account> {
	const own = userInfo();
	if (name === own.username) return { name, uid: own.uid, gid: own.gid, home: own.homedir };
	if (own.uid !== 0)
		throw new HoldfastError("failed", `cannot run as user "${name}": Holdfast runs as "${own.username}"`, {
			hint: "run Holdfast as root, or leave `user` out",
		});
	const found = await accountOf(name);
	if (found) return found;
	throw new HoldfastError("failed", `there is no user "${name}" on this machine`);
}

/** A user by name or number, or undefined when there is none. */
export async function accountOf(user: string | number): Promise<Account | undefined> {
	const [name, , uid, gid, , home] = await lookUp("passwd", user);
	return name === undefined ? undefined : { name, uid: Number(uid), gid: Number(gid), home: home ?? "/" };
}

/** A group by name or number, or undefined when there is none. */
export async function groupOf(group: string | number): Promise<{ name: string; gid: number } | undefined> {
	const [name, , gid] = await lookUp("group", group);
	return name === undefined ? undefined : { name, gid: Number(gid) };
}

/** The fields of an entry of the name service (getent(1)); none when it has no such. */
async function lookUp(database: "passwd" | "group", key: string | number): Promise<string[]> {
	return promisify(execFile)("getent", [database, "--", String(key)]).then(
		({ stdout }) => stdout.trim().split(":"),
		() => [],
	);
}
