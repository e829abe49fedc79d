// A misbehaving machine of a fleet, run by an sshd in place of Holdfast: `node liar.ts BEHAVIOUR`.
import { createInterface } from "node:readline";
import { PROTOCOL } from "../../src/fleet/protocol.ts";

const [name = ""] = process.argv.slice(2);
/** Several machines may behave alike: `plentiful-1`, `plentiful-2`. */
const [behaviour = ""] = name.split("-");
const forever = () => setInterval(() => {}, 1_000);
/** What sshd starts continues when the connection ends: this program must not. */
const parent = process.ppid;
setInterval(() => process.ppid === parent || process.exit(), 500).unref();
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
const greet = (more: object = {}) =>
	say({ type: "greeting", protocol: PROTOCOL, version: "0.1.0", time: new Date().toISOString(), ...more });

/** Endless output, as fast as it is read. */
function pour(stream: NodeJS.WritableStream, chunk: string): void {
	while (stream.write(chunk));
	stream.once("drain", () => pour(stream, chunk));
}

/** Text that would move the cursor home, set the title, reverse the line, and look like one of our lines. */
export const ESCAPES = "\u001b[2J\u001b]0;pwned\u0007\u009b31m\u202eevil\u200b\r\n✔ all is well";

let run = "2026-11-24T010000Z-k3x9";
const event = (body: object) => ({ v: 1, time: new Date().toISOString(), run, ...body });
const started = (machine = name) =>
	event({
		type: "run-started",
		operation: "create",
		machine,
		steps: [{ id: "a", kind: "hook", title: "a", scope: "s" }],
	});
const ended = (outcome = "done") =>
	event({ type: "run-ended", outcome, seconds: 1, failures: [], results: {} });
const archive = (more: object) => ({
	id: "d::/x::n",
	machine: name,
	provider: "tar",
	destination: "d",
	name: "n",
	...more,
});
const listed = (archives: unknown) => say({ archives, failures: [], others: [], upkeep: [] });

const standing = (problems: readonly string[]) =>
	say({ machine: name, time: new Date().toISOString(), archives: [], runs: [], problems, timers: [] });

const BEHAVIOURS: Readonly<Record<string, (request: { run?: string; argv?: readonly string[] }) => void>> = {
	nullist: () => say({ archives: null }),
	mistyped: () => listed([archive({ id: 5 })]),
	scalar: () => process.stdout.write("17\n"),
	garbage: () => process.stdout.write("}{ \u001b[2J\n"),
	impostor: () => listed([archive({ machine: "honest" })]),
	endless: () => pour(process.stdout, "x".repeat(65_536)),
	dripping: () => pour(process.stdout, "x"),
	deep: () => process.stdout.write(`{"archives":${"[".repeat(2_000_000)}`),
	many: () => process.stdout.write(`{"archives":[${"{},".repeat(1_900_000)}{}]}\n`),
	plentiful: ({ argv }) => {
		if (argv?.[0] === "list") listed(Array.from({ length: 33_000 }, () => archive({})));
		else standing(Array.from({ length: 70_000 }, () => "x".repeat(70)));
	},
	complaining: () => pour(process.stderr, `${"x".repeat(65_535)}\n`),
	grumbling: () => pour(process.stderr, "x".repeat(65_536)),
	silent: forever,
	colourful: () =>
		listed([
			archive({ id: ESCAPES, name: ESCAPES, metadata: { states: { [ESCAPES]: { outcome: ESCAPES } } } }),
		]),
	nagging: () => say({ error: { message: "", details: Array.from({ length: 290_000 }, () => "x") } }),
	scolding: () => {
		process.stderr.write(ESCAPES);
		say({ error: { message: ESCAPES, hint: ESCAPES, details: [ESCAPES] } });
		process.exitCode = 77;
	},

	flooding: () => {
		say(started());
		pour(
			process.stdout,
			`${JSON.stringify(event({ type: "step-started", step: "a", title: "x".repeat(9_000) }))}\n`,
		);
	},
	numbering: () => {
		say(started());
		let count = 0;
		setInterval(() => {
			for (let one = 0; one < 2_000; one++)
				say(event({ type: "step-started", step: `s${count++}`, title: "x".repeat(900) }));
		}, 1);
	},
	lasting: () => {
		say(started());
		forever();
	},
	clinging: () => {
		say(started());
		const archives = Array.from({ length: 19_000 }, (_, index) => [
			`s${index}`,
			{ archive: "x", bytes: "y" },
		]);
		say({ ...ended(), results: Object.fromEntries(archives) });
		say({ type: "ended", code: 0 });
		forever();
	},
	lingering: () => {
		say(started());
		setInterval(() => say(ended()), 100);
	},
	lying: () => {
		say(started("honest"));
		say(ended());
		say({ type: "ended", code: 0 });
	},
	odd: () => {
		say(started());
		say(event({ type: "step-done", step: "a", title: "a", seconds: "long", result: { warnings: 5 } }));
		say(event({ type: "step-failed", step: "a", title: "a", error: null }));
		say(event({ type: "run-ended", outcome: "splendid", failures: null }));
		say({ type: "ended", code: 4711 });
	},
	shouting: () => {
		say(started());
		for (const type of ["step-failed", "undo-failed"])
			say(
				event({
					type,
					step: "a",
					title: ESCAPES,
					error: { message: ESCAPES, hint: ESCAPES, details: [ESCAPES] },
				}),
			);
		say(event({ type: "step-done", step: "a", title: ESCAPES, seconds: 1, result: { warnings: [ESCAPES] } }));
		say(ended("failed"));
		say({ type: "ended", code: 1 });
	},
};

/** What ssh prints about a host key, and about a login. */
const HOST_KEY =
	"@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nHost key verification failed.\n";
const LOGIN = "root@host: Permission denied (publickey).\nkex_exchange_identification: Connection closed\n";

if (behaviour === "mute") forever();
else if (behaviour === "frightening" || behaviour === "refusing") {
	process.exitCode = 255;
	process.stderr.write(behaviour === "refusing" ? LOGIN : HOST_KEY);
} else if (behaviour === "babbling") pour(process.stdout, "no greeting of mine\n");
else if (behaviour === "fluent") pour(process.stdout, "x".repeat(65_536));
else if (process.argv[1]?.endsWith("liar.ts")) {
	greet(behaviour === "boasting" ? { version: ESCAPES } : {});
	createInterface({ input: process.stdin }).once("line", (line) => {
		const request = JSON.parse(line);
		run = request.run ?? run;
		BEHAVIOURS[behaviour]?.(request);
	});
	process.on("SIGPIPE", () => process.exit());
	process.stdout.on("error", () => process.exit());
}
