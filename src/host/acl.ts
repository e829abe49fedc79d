// Access control lists (acl(5)). With an ACL, the group bits of a mode are the maximum that its entries can grant, so a
// folder of root's group may be writable for any user.
import { execFileSync } from "node:child_process";

/** Whether a file or folder has an ACL beyond its mode. True if that cannot be determined. */
export function hasAcl(path: string): boolean {
	try {
		// /proc/self would name the child, which does not have our descriptors.
		const argv = ["-ldnL", "--", path.replace(/^\/proc\/self\//, `/proc/${process.pid}/`)];
		const line = execFileSync("ls", argv, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
		return /^\S{10}\+/.test(line);
	} catch {
		return true;
	}
}
