// The tutorial, typed as it stands by a user who is not root: each command prints what the page says.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { scratch } from "../support/scratch.ts";
import { onTerminal } from "../support/terminal.ts";
import { follow, PROJECT, textOf } from "./page.ts";

const TUTORIAL = "docs/tutorial.md";
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

test(TUTORIAL, { skip: isRoot ? undefined : "runs as another user" }, async () => {
	const home = join(scratch("tutorial"), "me");
	chmodSync(dirname(home), 0o755);
	const checkout = join(home, "holdfast");
	mkdirSync(checkout, { recursive: true });
	for (const part of ["bin", "dist", "package.json"])
		cpSync(join(PROJECT, part), join(checkout, part), { recursive: true });
	execFileSync("chown", ["-R", `${NOBODY}:${NOBODY}`, home]);
	const env = {
		PATH: `${home}/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
		HOME: home,
		LANG: "C.UTF-8",
		HOLDFAST_NODE: process.execPath,
	};
	const [setpriv = "", ...asUser] = [
		...["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--", "bash", "-c"],
	];
	const [, file = "", config = ""] =
		/^Write `~\/([^`]+)`[\s\S]*?^```yaml\n([\s\S]*?)^```$/m.exec(textOf(TUTORIAL)) ?? [];
	await follow(TUTORIAL, async ({ line, isRoots, output }) => {
		// followed.test.ts
		if (isRoots) return undefined;
		if (line === "holdfast validate") {
			writeFileSync(join(home, file), config.replaceAll("/home/me", home));
			chownSync(join(home, file), NOBODY, NOBODY);
		}
		const cwd = line.includes("ln -s") ? checkout : home;
		if (!output.includes("[y/N]"))
			return execFileSync(setpriv, [...asUser, `${line} 2>&1`], {
				...{ cwd, env, encoding: "utf8" },
			}).replaceAll(home, "/home/me");
		const { code, text } = await onTerminal([setpriv, ...asUser, line], { cwd, env, answer: "y" });
		assert.equal(code, 0, text);
		return text.replaceAll(home, "/home/me");
	});
	assert.equal(readFileSync(join(home, "letters/ada.txt"), "utf8"), "Dear Ada\n");
});
