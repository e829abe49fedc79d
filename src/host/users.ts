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
	try {
		// passwd(5): name:password:uid:gid:gecos:home:shell
		const { stdout } = await promisify(execFile)("getent", ["passwd", "--", name]);
		const fields = stdout.trim().split(":");
		return { name, uid: Number(fields[2]), gid: Number(fields[3]), home: fields[5] ?? "/" };
	} catch (cause) {
		throw new HoldfastError("failed", `there is no user "${name}" on this machine`, { cause });
	}
}
