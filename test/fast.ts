// npm run test:fast: the tests that start no program, server or machine, for use while you work. They are found by
// their imports.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { isOrImports } from "./imports.ts";

/** What other tests start things with: the program itself, engines, servers, machines. */
const STARTS =
	/\/(support\/(place|servers|sshd|systemd|terminal|mysql-server)|engines\/engines|machine\/machine)\.ts$|^node:child_process$/;

const files = globSync("**/*.test.ts", { cwd: import.meta.dirname })
	.map((file) => join(import.meta.dirname, file))
	.filter((file) => !isOrImports(file, (one) => STARTS.test(one)));
if (process.argv.includes("--list")) process.stdout.write(`${files.join("\n")}\n`);
else
	process.exit(
		spawnSync(
			process.execPath,
			["--import", import.meta.resolve("./keep-compiled.ts"), "--test", "--test-reporter=dot", ...files],
			{
				stdio: "inherit",
			},
		).status ?? 1,
	);
