// Completion as the shells run it: commands, flags, and the names in the config.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { onTerminal } from "../support/terminal.ts";

const folder = scratch("completion");
/** Of a hold: text that no shell may see as its own. */
const REASON = `it's "held": \`uname\` $(uname) [x]; \\ & co.`;
const HOLDFAST = join(import.meta.dirname, "../../bin/holdfast");
symlinkSync(HOLDFAST, join(folder, "holdfast"));

const place = new Place(folder);
for (const name of ["notes", "photos"]) place.write(`${name}/file`, "precious");
const providers = {
	tar: { retention: { daily: 1 }, destinations: { disk: { path: place.path("archives") } } },
	localbackup: { destinations: { usb: { directory: place.path("snapshots") } } },
};
place.declare({
	state: { notes: { folders: [place.path("notes")] }, photos: { folders: [place.path("photos")] } },
	providers,
});
place.write(
	"other.yaml",
	"machines: { zed: { state: { mail: { folders: [/srv/mail] } }, providers: { tar: { destinations: { nas: { path: /srv/nas } } } } } }\n",
);
place.write(
	"databases.yaml",
	"machines: { db: { state: { web: { folders: [/srv/web], dumps: [{ postgresql: shop }, { mariadb: blog }, { sqlite: /srv/web/a.db }] } }, providers: { tar: { destinations: { nas: { path: /srv/nas } } } } } }\n",
);
await place.holdfast("create");
const pruned = await newestName();
await place.holdfast("create");
await place.holdfast("restore", "--yes", "--keep-old", "1h", "--service", "notes", "tar", "latest");
await place.holdfast("prune", "--yes", "--provider", "tar");
const restored: string = JSON.parse((await place.holdfast("runs", "--json")).stdout).find(
	({ operation }: { operation: string }) => operation === "restore",
).id;
const name = await newestName();
assert.equal((await place.holdfast("archives", "hold", "tar", "latest", "--reason", REASON)).code, 0);
const inTar = `disk::${place.path("archives")}::${name}`;

async function newestName(): Promise<string> {
	return JSON.parse((await place.holdfast("list", "--json", "--provider", "tar")).stdout).archives.at(-1)
		.name;
}

const shells: Record<string, (line: string) => [string, string[]]> = {
	bash: (line) => [
		"bash",
		[
			"-c",
			`source <(holdfast completion bash); COMP_LINE=${JSON.stringify(line.replaceAll('""', ""))}; COMP_POINT=\${#COMP_LINE}; _holdfast; printf '%s\\n' "\${COMPREPLY[@]}"`,
		],
	],
	// Without a terminal there is no menu; the arguments of _describe show what would be offered.
	zsh: (line) => [
		"zsh",
		[
			"-c",
			`compdef() { :; }; source <(holdfast completion zsh); _describe() { printf '%s\\n' "\${(@)proposed%%:*}"; }; _files() { :; }; words=(${line}); CURRENT=$#words; _holdfast`,
		],
	],
	fish: (line) => [
		"fish",
		[
			"-c",
			`holdfast completion fish | source; complete -C ${JSON.stringify(line.replaceAll('""', ""))} | cut -f1`,
		],
	],
};

for (const [shell, words] of Object.entries(shells)) {
	const missing = spawnSync(shell, ["--version"]).error ? `${shell} is not installed` : false;
	test(`${shell} completes commands and names`, { skip: missing }, () => {
		const complete = (line: string) => {
			const [program, args] = words(line);
			const { stdout, stderr } = spawnSync(program, args, {
				cwd: place.folder,
				env: { ...place.env, PATH: `${folder}:${process.env.PATH}` },
				encoding: "utf8",
			});
			assert.equal(stderr, "");
			return stdout.split("\n").filter((word) => word !== "");
		};
		assert.deepEqual(complete("holdfast cre"), ["create"]);
		assert.deepEqual(complete('holdfast create --service ""').sort(), ["notes", "photos"]);
		assert.ok(complete('holdfast restore --service notes ""').includes("tar"));
		assert.deepEqual(complete(`holdfast archives show tar ${name.slice(0, -1)}`), [name]);
		assert.deepEqual(complete("holdfast archives release tar web01-"), [name]);
	});
}

const NAMES = ["web01", "tar", "localbackup", "disk", "usb", "latest"];
/** A run writes to its destinations side by side, so their order varies. */
const EITHER = Array.from({ length: 3 }, () => /^(disk|usb)::/);
for (const [line, expected] of Object.entries<(string | RegExp)[]>({
	"restore ": [...NAMES, ...EITHER],
	"restore web01 ": [...NAMES.slice(1), ...EITHER],
	"restore tar ": ["latest", name, inTar],
	"restore --service notes web01 disk ": ["latest", name, inTar],
	"restore disk::": [inTar],
	"restore latest ": [],
	[`restore ${inTar} `]: [],
	"archives browse usb latest ": [],
	"archives extract web01 tar latest ": [],
	"archives show lat": ["latest"],
	"restore --se": ["--service"],
	"list --service ": ["notes", "photos"],
	"restore --service ": ["notes", "photos"],
	"runs show 20": [/^20/, /^20/, /^20/, /^20/],
	"runs show lat": ["latest"],
	"undo ": ["latest", restored],
	"recover --abandon ": ["journal"],
	"runs show --on web01 ": ["latest"],
	"list --provider ": ["tar", "localbackup"],
	"restore --config other.yaml ": ["zed", "tar", "nas", "latest"],
	"--config other.yaml restore zed ": ["tar", "nas", "latest"],
	"--config other.yaml rest": ["restore"],
	"--config oth": [],
	"create --config other.yaml --service ": ["mail"],
	"modules show nextcl": ["nextcloud"],
	"schema recover": ["recover", "recovery-sheet"],
	"schema archives ": ["show", "browse", "extract", "mount", "hold", "release"],
	"schema archives sh": ["show"],
	"schema list ": [],
	"list --from ": ["web01"],
	// The archives were made when it was called web01.
	"list --config other.yaml --from ": ["zed", "web01"],
	"restore --config other.yaml --from ": ["zed", "web01"],
	"archives show --config other.yaml --from ": ["zed", "web01"],
	"restore --config databases.yaml --as ": ["shop=", "blog="],
	"deploy ": ["web01"],
	"status --": [/^--/],
}))
	test(`after "holdfast ${line.replace(place.folder, "…")}" come the words that fit there`, async () => {
		const { stdout } = await place.holdfast("__complete", ...line.split(" "));
		const words = stdout.split("\n").flatMap((one) => one.split("\t")[0] || []);
		if (line.endsWith("--")) return assert.ok(words.every((word) => word.startsWith("--")));
		assert.equal(words.length, expected.length, words.join(" "));
		for (const [index, one] of expected.entries())
			if (typeof one === "string") assert.equal(words[index], one);
			else assert.match(words[index] ?? "", one);
		assert.ok(!words.some((word) => word.includes(pruned) && word.includes("disk")), "it was pruned");
	});

test("in bash on a terminal, Tab completes the id of an archive, colons and all", async () => {
	const { text } = await onTerminal(["bash", "--norc", "--noprofile", "-i"], {
		cwd: place.folder,
		env: { ...place.env, PATH: `${folder}:${process.env.PATH}`, PS1: "ready> " },
		columns: 250,
		replies: [
			{ after: "ready> ", type: "source <(holdfast completion bash)\n" },
			{ after: "ready> ", type: `holdfast archives show disk::\t` },
			{ after: name, type: "\n" },
			{ after: /good[\s\S]*ready> /, type: "exit\n" },
		],
	});
	assert.match(text, /written by|good/, text);
});
