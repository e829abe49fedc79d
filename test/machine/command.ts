// Run one of this host's programs that must succeed.
import { execFile } from "node:child_process";
import { promisify } from "node:util";

export async function command(program: string, ...args: string[]): Promise<string> {
	const { stdout } = await promisify(execFile)(program, args);
	return stdout;
}
