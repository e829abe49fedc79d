// The program on a terminal, with script(1): its output with every control character.
import { spawn } from "node:child_process";

export interface Drawn {
	readonly code: number | null;
	readonly text: string;
}

/** These variables also describe a terminal's capabilities; a CI sets the first. */
const SPEAK_OF_COLOUR = ["CI", "TEAMCITY_VERSION", "NO_COLOR", "NODE_DISABLE_COLORS", "FORCE_COLOR"];

// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's are what is looked at
const CONTROLS = /\x1b\[[0-9;?]*[A-Za-z]|\r/g;

/** What is typed once the output since the last answer, without colours and movements, contains a text. */
export interface Reply {
	readonly after: string | RegExp;
	readonly type: string;
}

/** `answer` is typed after a question was asked; `replies` one after the other. */
export function onTerminal(
	argv: readonly string[],
	{
		cwd,
		env,
		answer,
		columns = 100,
		replies = answer === undefined ? [] : [{ after: "[y/N]", type: `${answer}\n` }],
	}: {
		readonly cwd: string;
		readonly env: NodeJS.ProcessEnv;
		readonly answer?: string | undefined;
		readonly columns?: number;
		readonly replies?: readonly Reply[];
	},
): Promise<Drawn> {
	const rest = Object.fromEntries(Object.entries(env).filter(([name]) => !SPEAK_OF_COLOUR.includes(name)));
	const quoted = argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
	const child = spawn("script", ["-qec", `stty cols ${columns} rows 30; exec ${quoted}`, "/dev/null"], {
		cwd,
		env: { ...rest, TERM: "xterm-256color", SHELL: "/bin/sh" },
		stdio: ["pipe", "pipe", "inherit"],
	});
	let text = "";
	const due = [...replies];
	let seen = 0;
	child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
		text += chunk;
		const [next] = due;
		const since = text.slice(seen).replace(CONTROLS, "");
		if (next === undefined) return;
		if (typeof next.after === "string" ? !since.includes(next.after) : !next.after.test(since)) return;
		due.shift();
		seen = text.length;
		child.stdin.write(next.type);
	});
	return new Promise((resolve, reject) => {
		child.on("error", reject);
		child.on("close", (code) => resolve({ code, text }));
	});
}
