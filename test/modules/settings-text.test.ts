// How the text of settings is read: as data, whatever is in it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { servicesIn } from "../../src/host/services.ts";
import { environmentValues, iniValues, phpValues, xmlElements } from "../../src/modules/settings-text.ts";

test("the files are read as data", () => {
	assert.deepEqual(
		[
			...phpValues(
				"<?php // 'a' => 'x'\n$C=['a' => 'it\\'s', # 'a' => 'y',\n \"b\" => \"$c\", 'd'=>['e' => \"f\"]];\n$C['g'] = 'h';",
			),
		],
		[
			["a", "it's"],
			["b", undefined],
			["d", undefined],
			["e", "f"],
			["g", undefined],
		],
	);
	assert.deepEqual(
		[...environmentValues("export A=\"b c\"\r\n#B=c\nC=$D\nE = 'f'\nno\n")],
		[
			["A", "b c"],
			["C", undefined],
			["E", "f"],
		],
	);
	assert.deepEqual(
		[...iniValues("A = 1\n; B = 2\n[x]\nC=`/d`\nE = %(A)s/e")],
		[
			["A", "1"],
			["x.C", "/d"],
			["x.E", undefined],
		],
	);
	assert.deepEqual(
		xmlElements('<a b="1"/><ab b="2"/><a c="3" b="&#x41;"/>', "a").map((one) => Object.fromEntries(one)),
		[{ b: "1" }, { c: "3", b: "A" }],
	);
	const long = `<?php ${"'a' => ".repeat(100_000)}`;
	assert.ok(phpValues(long).size <= 1);
});

describe("a mebibyte of what is hard to read takes no time", () => {
	const n = 1024 ** 2;
	const quotes = "\\'".repeat(n / 2);
	for (const [what, read] of [
		["blanks in an environment", () => environmentValues(`A=${" ".repeat(n)}x\u2028x`)],
		["blanks in app.ini", () => iniValues(`A=${" ".repeat(n)}x\u2028x`)],
		["a quote that never ends", () => phpValues(`<?php '${quotes}`)],
		["one with a backslash at its end", () => phpValues(`<?php '${quotes}\\`)],
		["double quotes", () => phpValues(`<?php "${quotes.replaceAll("'", '"')}`)],
	] as const)
		test(what, () => {
			const began = performance.now();
			assert.ok(read().size <= 1);
			assert.ok(performance.now() - began < 1000);
		});

	test("a quote that never ends is not plain", () => {
		assert.deepEqual([...phpValues("<?php ['a' => 'b")], [["a", undefined]]);
	});
});

test("systemd's own words about a unit's environment", () => {
	const shown =
		'Id=b.service\nStateDirectory=b c\nEnvironment=A=1 "B=2 3"\nEnvironmentFiles=/etc/b.env (ignore_errors=yes)\nEnvironmentFiles=/etc/c (x).env (ignore_errors=no)\n\nId=a.service\nStateDirectory=\n';
	assert.deepEqual(servicesIn(shown), [
		{ unit: "a.service", stateDirectory: [], environment: { assigned: "", files: [] } },
		{
			unit: "b.service",
			stateDirectory: ["b", "c"],
			environment: { assigned: 'A=1 "B=2 3"', files: ["/etc/b.env", "/etc/c (x).env"] },
		},
	]);
});
