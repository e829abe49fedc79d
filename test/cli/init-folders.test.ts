// What `holdfast init` proposes to root beside the services: the folders in /srv, /var/www and /home.
import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { dataFolders } from "../../src/cli/data-folders.ts";
import { machinesIn } from "../../src/config/load.ts";
import { firstConfig } from "../../src/config/write.ts";
import { readYaml } from "../../src/config/yaml.ts";
import { scratch } from "../support/scratch.ts";

const root = scratch("init-folders");
const at = (path: string) => join(root, path);
function put(path: string, text = "content") {
	mkdirSync(dirname(at(path)), { recursive: true });
	writeFileSync(at(path), text);
}

for (const file of [
	...["srv/notes/a", "srv/wiki data/a", "srv/gitea/a", "srv/lost+found/a", "srv/a-file", "srv/.hidden/a"],
	...[
		"srv/postgresql/15/PG_VERSION",
		"srv/postgresql/15/global/1",
		"home/borg/web01/config",
		"home/borg/web01/data/0/1",
	],
	...[
		"home/borg/web01/README",
		"srv/restic/config",
		"srv/restic/data/1",
		"srv/restic/keys/1",
		"srv/restic/snapshots/1",
	],
	...["var/www/html/index.html", "home/alice/letter", "opt/own-program/bin/it", "elsewhere/a"],
	...["README", "config", "data/0/1"].map((name) => `home/alice/repository/${name}`),
	...["home/alice/a[1]", "srv/archives"].map((path) => `${path}/web01-2026-11-24T203704Z-2oii/index.json`),
	...[
		"opt/backups/web01-2026-11-24T203704Z-2oii/index.json",
		"srv/usb/below/file",
		"srv/disk/snapshot.0/holdfast.json",
	],
])
	put(file);
for (const repository of ["home/borg/web01", "home/alice/repository"])
	put(`${repository}/config`, "[repository]\nversion = 1\n");
mkdirSync(at("srv/empty"));
symlinkSync(at("elsewhere"), at("srv/link"));

const NONE = { covered: [], archives: [] };
const found = dataFolders(root, { covered: [at("srv/gitea/data")], archives: [at("srv/usb")] });

const OURS = "holds archives of Holdfast: backups of backups are not proposed";

test("each folder is a state; what is empty, a link, or a service's or archives' is none", () => {
	assert.deepEqual(found.states, [
		{ name: "srv-notes", folder: at("srv/notes"), exclude: [] },
		{ name: "srv-wiki-data", folder: at("srv/wiki data"), exclude: [] },
		{ name: "www-html", folder: at("var/www/html"), exclude: [] },
		{
			...{ name: "home-alice", folder: at("home/alice") },
			exclude: [at("home/alice/a[1]"), at("home/alice/repository")],
		},
	]);
});

test("what is there and not proposed is named", () => {
	assert.deepEqual(found.optional.folders, [at("opt/own-program")]);
	assert.deepEqual(found.left, [
		`files that lie directly in ${at("srv")}: a state has folders; move them into one`,
		`${at("srv/link")}: a link; name the folder that it leads to`,
		`${at("srv/archives")}: ${OURS}`,
		`${at("srv/disk")}: holds snapshots of localbackup: backups of backups are not proposed`,
		`${at("srv/postgresql")}: the data of a PostgreSQL server; declare its databases as dumps`,
		`${at("srv/restic")}: holds a repository of restic: backups of backups are not proposed`,
		`${at("srv/usb")}: ${OURS}`,
		`${at("srv/gitea")}: a part of it is covered already; name the rest if you need it`,
		`${at("home/alice/a[1]")}: ${OURS}`,
		`${at("home/alice/repository")}: holds a repository of borg: backups of backups are not proposed`,
		`${at("home/borg")}: holds a repository of borg: backups of backups are not proposed`,
		`${at("opt/backups")}: ${OURS}`,
		`${at("opt/own-program")}: mostly programs; the config has them as a comment`,
	]);
});

for (const [what, folders] of [
	["all of it", found],
	["nothing", dataFolders(at("elsewhere"), NONE)],
] as const)
	test(`with ${what}, the config is valid, also without the comment marks`, async () => {
		const text = firstConfig({
			...{ machine: "web01", nixos: false, folders, proposal: { modules: [], services: [] } },
			providers: ["disk:", "  type: tar", `  destinations: { disk: { path: ${at("archives")} } }`],
		});
		assert.match(text, folders === found ? /exclude: \["\S+alice\/a\\\\\[1\]",/ : /machines:/);
		const statesIn = async (some: string) => {
			const [machine] = await machinesIn(readYaml({ file: "config", text: some }), "config");
			return Object.keys(machine?.state ?? {});
		};
		const names = folders.states.map(({ name }) => name);
		assert.deepEqual(await statesIn(text), names);
		const uncommented = text.replace(
			/^( +)# (( *)(state:|notes:|programs:|folders:|stopOnRestore:).*)$/gm,
			"$1$2",
		);
		assert.deepEqual(await statesIn(uncommented), names.length > 0 ? [...names, "programs"] : ["notes"]);
	});

test("more folders than anybody reads: the others are counted", () => {
	for (let count = 0; count < 40; count++) put(`many/srv/n${count}/a`);
	const { states, left } = dataFolders(at("many"), NONE);
	assert.equal(states.length, 30);
	assert.deepEqual(left, ["10 more folders of these: add those that you need under `state`"]);
});

test("folders that only look like a repository or archives are proposed; of archives among other files, each is left out", () => {
	const archive = "web01-2026-11-24T203704Z-2oii";
	for (const file of [
		...["app/config/a", "app/data/a", "app/README", "git/config", "git/data/a", "git/README"],
		...["app2/config/a", "app2/data/a", "app2/keys/a", "app2/snapshots/a"],
		...["note/letter", `note/${archive}`, `named/${archive}/letter`, "named/snapshot.0/a"],
		...[`mixed/${archive}/data.tar.zst`, "mixed/letter", `mixed/usb/${archive}/index.json`],
		...["mixed/disk/snapshot.0/holdfast.json", "mixed/disk/letter", `known/tar/${archive}/index.json`],
		...[
			"known/tar/.lock",
			"known/letter",
			"disk/snapshot.0/holdfast.json",
			"disk/snapshot.1/a",
			"disk/.sync/a",
		],
	])
		put(`look/srv/${file}`);
	const srv = (name: string) => at(`look/srv/${name}`);
	const { states } = dataFolders(at("look"), { ...NONE, archives: [srv("known/tar")] });
	assert.deepEqual(
		states.map(({ folder, exclude }) => [folder, ...exclude]),
		[
			...["app", "app2", "git"].map((name) => [srv(name)]),
			[srv("known"), srv("known/tar")],
			[srv("mixed"), ...[archive, "disk/snapshot.0", "usb"].map((name) => srv(`mixed/${name}`))],
			...["named", "note"].map((name) => [srv(name)]),
		],
	);
});
