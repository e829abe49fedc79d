// How YAML is read, beyond what the configs of all other tests cover.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readYaml } from "../../src/config/yaml.ts";
import type { HoldfastError } from "../../src/values/error.ts";
import { originAt } from "../../src/values/origin.ts";

const read = (text: string) => readYaml({ file: "f.yaml", text });
/** Without the origins. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
/** The text from the position of a value. */
const writtenAt = (text: string, ...path: (string | number)[]) =>
	text.slice(originAt(read(text), path)?.offset).split("\n")[0];

describe("a closing bracket below its key", () => {
	const config = `machines:
  web01:
    tags: [
      web,  # ] is no end
    ]
    state: {
      notes: {
        folders: [
          /srv/notes,
        ],
        hooks: { preBackup: "a [
          ] b" }
      }
    }
  web02:
    tags: [
      web
    ]
`;

	test("ends the list or map", () => {
		assert.deepEqual(plain(read(config)), {
			machines: {
				web01: {
					tags: ["web"],
					state: { notes: { folders: ["/srv/notes"], hooks: { preBackup: "a [ ] b" } } },
				},
				web02: { tags: ["web"] },
			},
		});
		assert.deepEqual(plain(read("- [\n    1\n]\n")), [[1]]);
	});

	test("what follows keeps its place in the file", () => {
		assert.equal(writtenAt(config, "machines", "web02"), "web02:");
		assert.equal(writtenAt(config, "machines", "web02", "tags", 0), "web");
		assert.equal(writtenAt(config, "machines", "web01", "state", "notes"), "notes: {");
		assert.throws(
			() => read(`${config}    - no\n`),
			({ message }: HoldfastError) => message.startsWith("f.yaml:19:5: "),
		);
	});

	test("a script that has such lines stays as it is, before and after, and as deep", () => {
		const script = "f() {\n}\n[\n  ]\n\n}";
		const block = (indent: string) => script.replace(/^(?=.)/gm, indent);
		for (const head of ["|", "|2 # as it is", "!!str |-"]) {
			const text = `a: [\n]\nb: ${head}\n${block("  ")}\nc: [\n]\nd:\n- x: ${head}\n${block("    ")}\n  y: [\n  ]\ne: {\n}\n`;
			const { b, d, ...others } = read(text) as { b: string; d: { x: string; y: unknown }[] };
			assert.equal(b.trimEnd(), script, head);
			assert.equal(d[0]?.x.trimEnd(), script, head);
			assert.deepEqual(plain([d[0]?.y, others]), [[], { a: [], c: [], e: {} }]);
		}
	});

	test("further left than its key it is refused, where it stands", () => {
		assert.throws(
			() => read("a: [\n]\nb:\n  c: [\n]\n"),
			({ message }: HoldfastError) => message.startsWith("f.yaml:5:1: "),
		);
	});

	test("as many as there may be cost no more than their number", () => {
		const began = performance.now();
		const lists = Array.from({ length: 20_000 }, (_, index) => `k${index}: [\n  1\n]`).join("\n");
		assert.equal(Object.keys(read(lists) as object).length, 20_000);
		const scripts = Array.from(
			{ length: 2_000 },
			(_, index) => `k${index}: {\n}\ns${index}: |\n  {\n  }`,
		).join("\n");
		assert.equal(Object.keys(read(scripts) as object).length, 4_000);
		assert.ok(performance.now() - began < 8_000);
	});
});
