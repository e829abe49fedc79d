// The program on a terminal, with script(1): its output with every control character.
import { spawn } from "node:child_process";

export interface Drawn {
	readonly code: number | null;
	readonly text: string;
}

/** These variables also describe a terminal's capabilities; a CI sets the first. */
const SPEAK_OF_COLOUR = ["CI", "TEAMCITY_VERSION", "NO_COLOR", "NODE_DISABLE_COLORS", "FORCE_COLOR"];

/** `answer` is typed after a question was asked. */
export function onTerminal(
	argv: readonly string[],
	{ cwd, env, answer }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly answer?: string },
): Promise<Drawn> {
	const rest = Object.fromEntries(Object.entries(env).filter(([name]) => !SPEAK_OF_COLOUR.includes(name)));
	const quoted = argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
	const child = spawn("script", ["-qec", `stty cols 100 rows 30; exec ${quoted}`, "/dev/null"], {
		cwd,
		env: { ...rest, TERM: "xterm-256color", SHELL: "/bin/sh" },
		stdio: ["pipe", "pipe", "inherit"],
	});
	let text = "";
	let answered = answer === undefined;
	child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
		text += chunk;
		if (answered || !text.includes("[y/N]")) return;
		answered = true;
		child.stdin.write(`${answer}\n`);
	});
	return new Promise((resolve, reject) => {
		child.on("error", reject);
		child.on("close", (code) => resolve({ code, text }));
	});
}
