// A command that is for another machine goes there as it stands.

import { shownAsJson, shownAsText } from "../report/passed-on.ts";
import { printMessage } from "../report/terminal.ts";
import { EXIT } from "../values/error-codes.ts";
import { commandFirst } from "./argv.ts";
import type { CommonFlags, Elsewhere } from "./flags.ts";
import { askThere, connected, endOf, remarkTo, runThere, type Target } from "./fleet.ts";
import { confirm, reporter } from "./operate.ts";
import { interruptible } from "./signals.ts";

/** Commands that are a run there, and whether they ask before they begin. */
const RUNS: Readonly<Record<string, { readonly asks: boolean }>> = {
	create: { asks: false },
	check: { asks: false },
	restore: { asks: true },
	prune: { asks: true },
	undo: { asks: true },
	recover: { asks: false },
};

export async function passOn({ manifest, sshConfig }: Elsewhere, flags: CommonFlags): Promise<number> {
	const target = { manifest, sshConfig };
	const words = withoutConfig(commandFirst(process.argv.slice(2)));
	const command = words[0] === "backups" ? words[1] : words[0];
	const kind = RUNS[command ?? ""];
	const signal = interruptible();
	const remark = remarkTo(flags);
	const has = (flag: string) => words.includes(flag);
	if (!kind || has("--dry-run")) return show(target, words, signal, remark);
	const plain = words.filter((word) => !["--json", "--quiet", "--debug"].includes(word));
	const run = async (argv: readonly string[], over: Target = target) =>
		endOf(await runThere(over, argv, signal, await reporter(flags), remark));
	if (!kind.asks || has("--yes")) return run(plain);
	return connected(target, signal, async (connection) => {
		const over = { ...target, connection };
		const code = await show(over, [...plain, "--dry-run"], signal, remark);
		if (code !== EXIT.done) return code;
		await confirm(`Do this on ${manifest.machine}?`, false);
		return run([...plain, "--yes"], over);
	});
}

/** What the command prints there, as it comes; however long it works. */
async function show(
	target: Target,
	argv: readonly string[],
	signal: AbortSignal,
	remark: (line: string) => void,
): Promise<number> {
	const { machine } = target.manifest;
	const reader = () => (argv.includes("--json") ? shownAsJson(machine) : shownAsText());
	const question = { signal, remark, reader, seconds: Number.POSITIVE_INFINITY };
	const { code, stderr } = await askThere(target, argv, question);
	printMessage(stderr);
	return EXIT_CODES.has(code) ? code : EXIT.failed;
}

const EXIT_CODES: ReadonlySet<number> = new Set(Object.values(EXIT));

/** Flags, each with a value, that say where. */
const HERE = ["--config", "--on"];

/** The config is read here; there, what it says of the machine comes along. */
function withoutConfig(words: readonly string[]): string[] {
	const end = words.indexOf("--");
	return words.filter((word, index) => {
		if (end >= 0 && index > end) return true;
		return !HERE.some((flag) => word === flag || words[index - 1] === flag || word.startsWith(`${flag}=`));
	});
}
