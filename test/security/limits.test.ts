// A config that is large by mistake or by intent: checking it takes time only in proportion to its size, and one that
// is too large is reported with its file and line. Nothing overflows.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { loadMachines } from "../../src/config/load.ts";
import { readYaml } from "../../src/config/yaml.ts";
import { planBackup } from "../../src/plan/backup.ts";
import { inOrder } from "../../src/plan/order.ts";
import { HoldfastError } from "../../src/values/error.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("limits");
/**
 * Milliseconds of CPU time for work that takes a tenth of it here; quadratic time took longer, or overflowed the
 * stack.
 */
const MAX_MS = 8_000;
/** Other processes on the machine do not count. */
const cpuMs = () => {
	const { user, system } = process.cpuUsage();
	return (user + system) / 1000;
};
const ROUNDS = Number(process.env.HOLDFAST_ROUNDS ?? 300);

const many = (count: number, line: (index: number) => string) =>
	Array.from({ length: count }, (_, index) => line(index)).join("\n");
const machine = (text: string) => `machines:\n  web01:\n${text}\n`;
const disk = "    providers: { tar: { destinations: { d: { path: /mnt/d } } } }";
const states = (count: number, fields: (index: number) => string) =>
	machine(
		`    state:\n${many(count, (index) => `      s${index}: { folders: [/srv/s${index}]${fields(index)} }`)}\n${disk}`,
	);
const chain = (count: number) =>
	states(count, (index) => (index + 1 < count ? `, after: [s${index + 1}]` : ""));

let files = 0;
function fileOf(text: string, end = "yaml"): string {
	const file = join(folder, `config-${files++}.${end}`);
	writeFileSync(file, text);
	return file;
}

async function load(text: string, end?: string) {
	const began = cpuMs();
	const loaded = await loadMachines(fileOf(text, end)).catch((error: unknown) => error);
	return { loaded, ms: cpuMs() - began };
}

async function faultIn(text: string, end?: string): Promise<HoldfastError> {
	const { loaded, ms } = await load(text, end);
	assert.ok(loaded instanceof HoldfastError, String(loaded));
	assert.match(loaded.code, /^config-/);
	assert.equal(loaded.exit, "usage");
	assert.ok(ms < MAX_MS, `${ms} ms`);
	return loaded;
}

describe("large, and honest", () => {
	const large: Readonly<Record<string, string>> = {
		"2,000 destinations": machine(
			`    state: { a: { folders: [/srv/a] } }\n    providers:\n      tar:\n        destinations:\n${many(2_000, (index) => `          d${index}: { path: /mnt/d${index} }`)}`,
		),
		"2,000 destinations at 2,000 machines": `machines:\n${many(2_000, (index) => `  nas${index}: { host: root@nas${index}, borgServer: {} }`)}\n  web01:\n    state: { a: { folders: [/srv/a] } }\n    providers:\n      borgbackup:\n        destinations:\n${many(2_000, (index) => `          d${index}: { server: nas${index} }`)}\n`,
		"a chain of 15,000 states": chain(15_000),
		"20,000 folders of one state": machine(
			`    state:\n      s:\n        folders:\n${many(20_000, (index) => `          - /srv/s${index}`)}\n${disk}`,
		),
		"5,000 databases": machine(
			`    state:\n      s:\n        dumps:\n${many(5_000, (index) => `          - postgresql: db${index}`)}\n${disk}`,
		),
		"5,000 files of databases in as many folders": machine(
			`    state:\n      s:\n        folders:\n${many(5_000, (index) => `          - /srv/s${index}`)}\n        dumps:\n${many(5_000, (index) => `          - sqlite: /srv/s${index}/db`)}\n${disk}`,
		),
		"2,000 tags of one machine": `tags:\n${many(2_000, (index) => `  t${index}: { providers: { tar: { destinations: { d${index}: { path: /mnt/d${index} } } } } }`)}\nmachines:\n  web01: { tags: [${Array.from({ length: 2_000 }, (_, index) => `t${index}`)}], state: { a: { folders: [/srv/a] } } }\n`,
		"3,000 machines": `machines:\n${many(3_000, (index) => `  m${index}: { state: { a: { folders: [/srv/a] } }, providers: { tar: { destinations: { d: { path: /mnt/d } } } } }`)}\n`,
	};
	for (const [what, text] of Object.entries(large))
		test(what, async () => {
			const { loaded, ms } = await load(text);
			assert.ok(!(loaded instanceof Error), String(loaded));
			assert.ok(ms < MAX_MS, `${ms} ms`);
		});

	test("its plan", async () => {
		const machines = await loadMachines(fileOf(chain(15_000)));
		const manifest = machines.get("web01");
		assert.ok(manifest);
		const began = cpuMs();
		assert.deepEqual(
			inOrder(manifest, ["s2", "s0", "s1"]).map(([name]) => name),
			["s2", "s1", "s0"],
		);
		const targets = [{ provider: "tar", destination: "d", streams: false }];
		const { steps } = planBackup({ manifest, run: "r", services: [], spool: "/s", targets });
		assert.equal(steps.length, 15_001);
		assert.equal(steps[0]?.scope, "state:s14999");
		const ms = cpuMs() - began;
		assert.ok(ms < MAX_MS, `${ms} ms`);
	});
});

describe("too much, said with file and line", () => {
	const bomb = many(12, (level) => {
		const items = Array.from({ length: 9 }, () => (level === 0 ? "x" : `*a${level - 1}`));
		return `a${level}: &a${level} [${items.join(",")}]`;
	});
	const cases: Readonly<Record<string, readonly [text: string, words: RegExp, end?: string]>> = {
		"an alias bomb": [`${bomb}\nmachines: {}\n`, /:6:\d+: more than 500000 values, with aliases expanded/],
		"an alias of what it stands in": ["machines:\n  a: &a [*a]\n", /:2:\d+: maps and lists nested more than/],
		"an alias of nothing": ["machines:\n  a: *b\n", /:2:6: unresolved alias/],
		"more aliases than can be found": [
			`a: &a 1\nb:\n${many(6_000, () => "  - *a")}\n`,
			/:\d+:\d+: more than 5000 aliases/,
		],
		"lists in lists, of YAML": [
			`machines:\n  ${"[".repeat(200_000)}\n`,
			/:2:\d+: maps and lists nested more than 100 levels deep/,
		],
		"lists in lists, in one line": [
			`machines:\n  ${"- ".repeat(200_000)}x\n`,
			/:2:\d+: .* more than 100 levels deep/,
		],
		"keys in keys": [`${"? ".repeat(100_000)}x\n`, /:1:\d+: .* more than 100 levels deep/],
		"maps in maps, by their indents": [
			many(1_000, (index) => `${" ".repeat(index)}a:`),
			/:10\d:\d+: .* more than 100 levels deep/,
		],
		"lists in lists, of JSON": [
			`{"machines":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
			/:1:\d+: .* more than 100 levels deep/,
			"json",
		],
		"words without end": [
			`machines:\n${many(600_000, () => "  - x")}\n`,
			/:\d{5,}:\d+: more than 1000000 words and punctuation marks/,
		],
		"a file without end": ["#".repeat(9 * 1024 ** 2), /cannot read .*config/],
		"a circle of 15,000 states": [
			states(15_000, (index) => `, after: [s${(index + 1) % 15_000}]`),
			/:4:\d+: these states are after each other in a cycle: s0 → s1 → s2 .*→ \(14992 more\) → s0/,
		],
		"a small circle": [
			states(3, (index) => `, after: [s${(index + 1) % 3}]`),
			/: these states are after each other in a cycle: s0 → s1 → s2 → s0/,
		],
		"3,000 states that are not there": [
			states(3_000, (index) => `, after: [x${index}]`),
			/:4:\d+: state "x0" does not exist/,
		],
		"2,000 servers that are none": [
			`machines:\n${many(2_000, (index) => `  nas${index}: { host: h${index}, borgServer: {} }`)}\n  web01:\n    providers:\n      borgbackup:\n        destinations:\n${many(2_000, (index) => `          d${index}: { server: nsa${index} }`)}\n`,
			/:\d+:\d+: machine "nsa0" is not a borgServer; did you mean "nas0"\?/,
		],
		"a name as long as a book": [
			JSON.stringify({ machines: { m: { ["x".repeat(500_000)]: 1 } } }),
			/unknown key "x+ …$/,
		],
		"a path as long as a book": [
			machine(`    state: { a: { folders: ["/${"a/".repeat(400_000)}b"] } }`),
			/a path has at most 4095 characters/,
		],
		"half a character": [
			machine('    state: { a: { folders: ["/srv/\\ud800"] } }'),
			/:3:\d+: a string with invalid Unicode/,
		],
		"a key twice among 15,000": [
			`${many(15_000, (index) => `k${index}: 1`)}\nk3: 1\n`,
			/:15001:1: the key "k3" occurs twice in this map/,
		],
		"code that yields a circle": [
			"const a: any = {}; a.a = a; export default { machines: a };",
			/\.ts:1:\d+: maps and lists nested more than/,
			"ts",
		],
		"code that yields what is deep": [
			"let a: any = 1; for (let i = 0; i < 100000; i++) a = { a }; export default { machines: a };",
			/\.ts:1:\d+: maps and lists nested more than/,
			"ts",
		],
	};
	for (const [what, [text, words, end]] of Object.entries(cases))
		test(what, async () => {
			const fault = await faultIn(text, end);
			assert.match(fault.message, words);
			const length = [fault.message, ...fault.details].join("\n").length;
			assert.ok(length < 20_000 && fault.details.length < 100, `${length} characters`);
		});
});

test("whatever a file holds, it is read or refused in words", () => {
	const scraps = [
		"machines",
		"web01",
		": ",
		"\n",
		"  ",
		"- ",
		"[",
		"]",
		"{",
		"}",
		"&a ",
		"*a",
		"? ",
		"!!set ",
		'"',
		"'",
		"|\n",
		"#",
		",",
		"<<",
		"\\u",
		"---\n",
		"%",
	];
	const text = fc.array(fc.oneof(fc.constantFrom(...scraps), fc.string({ maxLength: 5 })), { maxLength: 60 });
	fc.assert(
		fc.property(text, (parts) => {
			try {
				readYaml({ file: "f.yaml", text: parts.join("") });
			} catch (error) {
				assert.ok(error instanceof HoldfastError, String((error as Error).stack));
				assert.match(error.message, /^f\.yaml:\d+:\d+: /);
			}
		}),
		{ numRuns: ROUNDS },
	);
});
