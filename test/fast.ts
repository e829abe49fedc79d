// npm run test:fast: the tests that start no program, server or machine, which is what one runs while working. They are found
// by what they import.
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What others start by: the program itself, engines, servers, machines. */
const STARTS =
	/\/(support\/(place|servers|sshd|systemd|terminal|mysql-server)|engines\/engines|machine\/machine)\.ts$|^node:child_process$/;

const imported = new Map<string, readonly string[]>();
function importsOf(file: string): readonly string[] {
	const known = imported.get(file);
	if (known !== undefined) return known;
	const text = readFileSync(file, "utf8");
	const found = [...text.matchAll(/(?:from|import)\s*\(?"(\.{1,2}\/[^"]+\.ts|node:child_process)"/g)].map(
		([, name = ""]) => (name.startsWith(".") ? join(dirname(file), name) : name),
	);
	imported.set(file, found);
	return found;
}

function starts(file: string, seen = new Set<string>()): boolean {
	if (STARTS.test(file)) return true;
	if (seen.has(file) || !file.startsWith(import.meta.dirname)) return false;
	seen.add(file);
	return importsOf(file).some((one) => starts(one, seen));
}

const files = globSync("**/*.test.ts", { cwd: import.meta.dirname })
	.map((file) => join(import.meta.dirname, file))
	.filter((file) => !starts(file));
if (process.argv.includes("--list")) process.stdout.write(`${files.join("\n")}\n`);
else
	process.exit(
		spawnSync(process.execPath, ["--test", "--test-reporter=dot", ...files], { stdio: "inherit" }).status ??
			1,
	);
