// A command for another machine: the command line is sent there unchanged.

import { answerOf, boundedAnswer } from "../fleet/answers.ts";
import type { OutputReader } from "../host/lines.ts";
import { FORMAT_NAMES } from "../report/formats.ts";
import type { Reporter } from "../report/reporter.ts";
import { NO_RUN } from "../report/result.ts";
import { printMessage } from "../report/terminal.ts";
import type { Listener, RunEvent } from "../run/event.ts";
import { EXIT } from "../values/error-codes.ts";
import { namingConfig } from "./alone.ts";
import type { Agreement, Call } from "./command.ts";
import { addressOf, askThere, connected, runThere, type Target } from "./connections.ts";
import { endOf, remarkTo } from "./fleet.ts";
import { confirm } from "./operate.ts";
import { interruptible } from "./signals.ts";

export async function passOn(
	{ out, words, elsewhere, flags }: Call,
	{ manifest, sshConfig }: Target,
): Promise<number> {
	const target = { manifest, sshConfig };
	const { machine } = manifest;
	const argv = withoutPlace(words);
	const signal = interruptible();
	const has = (flag: string) => argv.includes(flag);
	if (elsewhere === "question" || has("--dry-run"))
		return shown(target, argv, signal, remarkTo(out), () => out.passOn(machine));
	const plain = argv.filter((word) => !HOW_TO_SHOW.has(word));
	const run = async (some: readonly string[], over: Target = target) => {
		const listener = namingConfig(flags.config, await out.run());
		let heard = false;
		const hear: Listener = Object.assign(
			(event: RunEvent) => {
				heard = true;
				listener(event);
			},
			listener.ignoresProgress ? { ignoresProgress: true } : {},
		);
		const ended = await runThere(over, some, signal, hear, remarkTo(out));
		if (!heard && !ended.error) {
			await out.result(NO_RUN);
			out.note(`there was nothing to do on ${machine}`);
		}
		return endOf(ended);
	};
	if (elsewhere === "run" || has("--yes")) return run(plain);
	return connected(target, signal, async (connection) => {
		const over = { ...target, connection };
		const agreed = await agreedTo(await elsewhere.agreement(), over, plain, out, signal);
		return typeof agreed === "number" ? agreed : run([...plain, "--yes", ...agreed], over);
	});
}

/**
 * Show what the machine would do, ask, and return the words that say what was agreed to; or the exit code, if something
 * there prevents it.
 */
async function agreedTo(
	agreement: Agreement,
	target: Target,
	plain: readonly string[],
	out: Reporter,
	signal: AbortSignal,
): Promise<readonly string[] | number> {
	using reader = boundedAnswer();
	const said = await askThere(target, [...plain, "--dry-run", "--json"], {
		...{ signal, remark: remarkTo(out), reader: () => reader },
		seconds: Number.POSITIVE_INFINITY,
	});
	const { shown, question, words } = agreement.read(
		answerOf(addressOf(target), agreement.schema, reader.text(), said),
		target.manifest.machine,
	);
	await out.preview(shown);
	printMessage(said.stderr);
	if (said.code !== EXIT.done && said.code !== EXIT.partial) return exitIn(said.code);
	if (question !== undefined) await confirm(question, false);
	return words;
}

/** Print the command's output there as it arrives. No time limit. */
async function shown(
	target: Target,
	argv: readonly string[],
	signal: AbortSignal,
	remark: (line: string) => void,
	reader: () => OutputReader,
): Promise<number> {
	const question = { signal, remark, reader, seconds: Number.POSITIVE_INFINITY };
	const { code, stderr } = await askThere(target, argv, question);
	printMessage(stderr);
	return exitIn(code);
}

const exitIn = (code: number): number => (EXIT_CODES.has(code) ? code : EXIT.failed);

const EXIT_CODES: ReadonlySet<number> = new Set(Object.values(EXIT));

/** The run's events are sent here and printed by this side. */
const HOW_TO_SHOW: ReadonlySet<string> = new Set([
	...FORMAT_NAMES.map((name) => `--${name}`),
	"--quiet",
	"--debug",
]);

/** Flags, each with a value, that choose the machine or the config. */
const WHERE = ["--config", "--on"];

/** The config is read here; what it says of the machine is sent along. */
function withoutPlace(words: readonly string[]): string[] {
	const end = words.indexOf("--");
	return words.filter((word, index) => {
		if (end >= 0 && index > end) return true;
		return !WHERE.some((flag) => word === flag || words[index - 1] === flag || word.startsWith(`${flag}=`));
	});
}
