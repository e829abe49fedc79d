// The grammar for naming an archive, as one table; and the same words typed to every command that takes them.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Following, machineInWords, readArchiveWords } from "../../src/cli/archive-words.ts";
import { loadConfig } from "../../src/config/load.ts";
import { reportOf } from "../../src/values/error.ts";
import type { ErrorReport } from "../../src/values/error-bounds.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("archive-words");

const WEB01 = `
  web01:
    state: { notes: { folders: [/srv/notes] } }
    providers:
      tar: { destinations: { usb: { path: /mnt/usb }, off: { path: /mnt/off } } }
      second: { type: tar, destinations: { off: { path: /mnt/off2 } } }
      own: { type: command, list: l, create: c, restore: r }`;
const DB01 = `
  db01:
    state: { data: { folders: [/srv/data] } }
    providers: { tar: { destinations: { usb: { path: /mnt/usb }, nas: { path: /mnt/nas } } } }`;
const SAME = `
  tar:
    state: { notes: { folders: [/srv/notes] } }
    providers: { tar: { destinations: { usb: { path: /mnt/usb } } }, disk: { type: tar, destinations: { d: { path: /d } } } }`;

const USB = `
  usb:
    state: { notes: { folders: [/srv/notes] } }
    tags: [kept]
  off:
    state: { notes: { folders: [/srv/notes] } }
    providers: { tar: { destinations: { d: { path: /d } } } }
tags:
  kept: { providers: { restic: { destinations: { r: { repo: /r, passwordFile: /p } } } } }`;

const configs = { one: [WEB01], two: [WEB01, DB01], same: [SAME], both: [WEB01, USB] };

const load = async (which: keyof typeof configs) => {
	const file = join(folder, `${which}.yaml`);
	writeFileSync(file, `machines:${configs[which].join("")}\n`);
	return loadConfig(file);
};

const ID = "usb::/mnt/usb::web01-2026-11-24T010000Z-k3x9";

/** The words, and what is meant: machine, place and archive, or an error with its hint. */
const TABLE: readonly (readonly [keyof typeof configs, Following, string, string | RegExp])[] = [
	["one", "nothing", "latest", "web01: tar,second,own latest"],
	["one", "nothing", "tar latest", "web01: tar latest"],
	["one", "nothing", "own latest", "web01: own latest"],
	["one", "nothing", "usb latest", "web01: tar/usb latest"],
	["one", "nothing", "second/off latest", "web01: second/off latest"],
	["one", "nothing", "web01 latest", "web01: tar,second,own latest"],
	["one", "nothing", "web01 usb latest", "web01: tar/usb latest"],
	["one", "nothing", "web01 tar web01-2026", "web01: tar web01-2026"],
	["one", "nothing", ID, `web01: tar/usb ${ID}`],
	["one", "nothing", `tar ${ID}`, `web01: tar/usb ${ID}`],
	["one", "nothing", `web01 usb ${ID}`, `web01: tar/usb ${ID}`],
	["one", "nothing", "off::/mnt/off::x", "web01: tar,second/off off::/mnt/off::x"],
	["one", "nothing", "own::command::x", "web01: own/own own::command::x"],
	[
		"one",
		"nothing",
		"off latest",
		/^"off" is a destination of tar and of second \| holdfast restore tar\/off latest \| holdfast restore second\/off latest → name the provider too/,
	],
	["one", "nothing", `second ${ID}`, /^the archive is in tar\/usb by its id → leave out where it is/],
	[
		"one",
		"nothing",
		"gone::/mnt/usb::x",
		/no destination "gone" → its providers and their destinations are: tar \(usb, off\), second \(off\), own;/,
	],
	[
		"one",
		"nothing",
		"notes latest",
		/^"notes" is a state, and not where an archive is → holdfast restore --service notes latest$/,
	],
	["one", "nothing", "latest notes", /"latest" → did you mean: holdfast restore --service notes latest$/],
	["one", "nothing", "note latest", /"note" → did you mean: holdfast restore --service notes latest$/],
	["one", "nothing", "latest usb", /"latest" → did you mean: holdfast restore usb latest$/],
	["one", "nothing", "usb latest web01", /did you mean: holdfast restore web01 usb latest$/],
	["one", "nothing", `notes usb ${ID}`, /did you mean: holdfast restore --service notes usb usb::\S+$/],
	["one", "nothing", "ubs latest", /no provider or destination "ubs" → did you mean "usb"\?$/],
	[
		"one",
		"nothing",
		"zzzz latest",
		/no provider or destination "zzzz" → its providers and their destinations are:/,
	],
	[
		"one",
		"nothing",
		"tar usb latest",
		/no machine "tar" → write: \[MACHINE\] \[PROVIDER\|DESTINATION\] ARCHIVE$/,
	],
	["one", "nothing", "notes", /"notes" is a state.* → holdfast restore --service notes latest$/],
	["one", "nothing", "tar", /^"tar" is a provider: name an archive too → holdfast restore tar latest$/],
	["one", "nothing", "usb", /^"usb" is a destination: name an archive too → holdfast restore usb latest$/],
	["one", "nothing", "web01", /^"web01" is a machine: name an archive too → holdfast restore web01 latest$/],
	["two", "nothing", "web01 latest", "web01: tar,second,own latest"],
	["two", "nothing", "db01 nas latest", "db01: tar/nas latest"],
	["two", "nothing", "nas::/mnt/nas::anything", "db01: tar/nas nas::/mnt/nas::anything"],
	["two", "nothing", ID, `web01: tar/usb ${ID}`],
	["two", "nothing", "usb::/mnt/usb::anything", "which machine?"],
	["two", "nothing", "latest", "which machine?"],
	["two", "nothing", "web1 latest", "unknown machine web1"],
	["two", "nothing", "usb latest", "which machine?"],
	["two", "nothing", "web1 usb latest", "unknown machine web1"],
	["same", "nothing", "tar latest", "tar: tar latest"],
	["same", "nothing", "tar disk latest", "tar: disk latest"],
	[
		"both",
		"nothing",
		"usb latest",
		/^"usb" is a machine, and also where "web01" has archives \| holdfast restore usb restic latest \| holdfast restore web01 usb latest → type one of these$/,
	],
	[
		"both",
		"perhaps a path",
		"off latest x",
		/holdfast restore off tar latest x \| holdfast restore web01 off latest x →/,
	],
	["both", "perhaps a path", "off web01-2026", /holdfast restore web01 off web01-2026 →/],
	["both", "nothing", "off d latest", "off: tar/d latest"],
	["both", "nothing", "web01 usb latest", "web01: tar/usb latest"],
	["one", "one word", "latest /srv/x", "web01: tar,second,own latest, /srv/x"],
	["one", "one word", "usb latest x", "web01: tar/usb latest, x"],
	["one", "one word", "web01 usb latest x", "web01: tar/usb latest, x"],
	["one", "perhaps a path", "latest", "web01: tar,second,own latest"],
	["one", "perhaps a path", "latest /srv/x", "web01: tar,second,own latest, /srv/x"],
	["one", "perhaps a path", "latest x", "web01: tar,second,own latest, x"],
	["one", "perhaps a path", "usb latest", "web01: tar/usb latest"],
	["one", "perhaps a path", "usb web01-2026", "web01: tar/usb web01-2026"],
	["one", "perhaps a path", "usb latest x", "web01: tar/usb latest, x"],
	["one", "perhaps a path", "web01 usb latest /srv/x", "web01: tar/usb latest, /srv/x"],
	["one", "perhaps a path", `${ID} x`, `web01: tar/usb ${ID}, x`],
	[
		"one",
		"perhaps a path",
		"notes latest",
		/"notes" is a state.* → holdfast restore --service notes latest$/,
	],
];

for (const [which, following, line, expected] of TABLE)
	test(`${line} (${which}, then ${following})`, async () => {
		const said = await meaning(which, following, line.split(" "));
		if (typeof expected === "string") assert.equal(said, expected);
		else assert.match(said, expected);
	});

async function meaning(which: keyof typeof configs, following: Following, words: readonly string[]) {
	const config = await load(which);
	const line = ["restore", ...words];
	const named = await machineInWords(words, following, config, { line }).catch(reportOf);
	if (typeof named === "object") return wordsOf(named);
	if (named === undefined && config.names.length > 1) return "which machine?";
	const machine = named ?? config.names[0] ?? "";
	if (!config.names.includes(machine)) return `unknown machine ${machine}`;
	const manifest = (await config.resolve([machine])).get(machine);
	assert.ok(manifest);
	try {
		const typed = { words: line, takesService: true };
		const { where, wanted, following: after } = readArchiveWords(words, following, manifest, typed);
		const place = [where.providers.join(","), where.destination].filter((part) => part !== undefined);
		return `${machine}: ${place.join("/")} ${wanted}${after === undefined ? "" : `, ${after}`}`;
	} catch (error) {
		return wordsOf(reportOf(error));
	}
}

const wordsOf = ({ message, details = [], hint }: ErrorReport) =>
	`${[message, ...details].join(" | ")} → ${hint}`;

test("with --from an id does not say which machine is restored", async () => {
	const config = await load("two");
	const meant = (from?: string) => machineInWords([ID], "nothing", config, { line: [], from });
	assert.equal(await meant(), "web01");
	assert.equal(await meant("web01"), undefined);
});
