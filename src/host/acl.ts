// Access control lists (acl(5)). Where there is one, the group bits of a mode are the most that any of its entries has: a
// folder of root's group may be writable for anybody by one.
import { execFileSync } from "node:child_process";

/** Whether a file or folder has a list beyond its mode; a path that cannot be looked at is taken to have one. */
export function hasAcl(path: string): boolean {
	try {
		// Our own open descriptors are not the child's.
		const argv = ["-ldnL", "--", path.replace(/^\/proc\/self\//, `/proc/${process.pid}/`)];
		const line = execFileSync("ls", argv, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
		return /^\S{10}\+/.test(line);
	} catch {
		return true;
	}
}
