// What a config that somebody else wrote would run: nothing runs that was not shown, and an address is never an
// option.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as v from "valibot";
import { providerSchema } from "../../src/engines/list.ts";
import { hostSchema } from "../../src/manifest/machine.ts";
import { watchPeak } from "../support/peak.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { metadataOf, writeTarArchive } from "./hostile.ts";

const below = scratch("commands");

const OPTION = "-oProxyCommand=touch led-to-a-command";
const LED_AWAY = [
	["borgbackup", `ssh://${OPTION}/x`],
	["borgbackup", `ssh://u@${OPTION}/x`],
	["borgbackup", `${OPTION}:x`],
	["restic", `sftp:${OPTION}:/x`],
	["restic", `sftp:u@${OPTION}:/x`],
	["restic", `sftp://${OPTION}/x`],
	["restic", "-r"],
] as const;
for (const [type, repo] of LED_AWAY)
	test(`${type}: ${repo} is no address`, () => {
		const { success, issues } = v.safeParse(providerSchema, { type, destinations: { d: { repo } } });
		assert.equal(success, false);
		assert.match(JSON.stringify(issues?.map(({ message }) => message)), /begin with a dash/);
	});

test("borg itself would have run it", () => {
	spawnSync("borg", ["list", `ssh://${OPTION}/x`], { cwd: below, timeout: 20_000 });
	assert.ok(existsSync(join(below, "led-to-a-command")));
});

test("honest addresses are as good as ever", () => {
	const GOOD = {
		borgbackup: ["/mnt/a@-b", "ssh://u1@u1.host:23/./a-b", "ssh://host/~/x", "host:a", "u@host:-a", "./-a"],
		restic: [
			"/srv/-r",
			"sftp:backup@nas:/restic",
			"sftp://u@h:2222//srv",
			"rest:https://u@h:8000/a-b",
			"s3:https://s3.host/bucket-a",
			"s3:host/-x",
			"rclone:remote-a:path-b",
			"b2:bucket:path",
		],
	};
	for (const [type, repos] of Object.entries(GOOD))
		for (const repo of repos)
			assert.ok(v.safeParse(providerSchema, { type, destinations: { d: { repo } } }).success, repo);
	for (const host of ["root@web01", "ssh://root@web01:2222", "web01"])
		assert.ok(v.is(hostSchema, host), host);
	for (const host of [`ssh://${OPTION}`, "-oProxyCommand=x", "ssh://-x"])
		assert.ok(!v.is(hostSchema, host), host);
});

test("an archive whose manifest goes to such an address is not adopted", async () => {
	const first = new Place(below);
	first.write("notes/file", "as they were");
	const at = first.path("kept");
	first.declare({
		state: { notes: { folders: [first.path("notes")] } },
		providers: {
			borgbackup: { destinations: { near: { repo: at, encryption: "none" } } },
			other: {
				type: "borgbackup",
				destinations: { far: { repo: "ssh://zzz-nowhere/x", encryption: "none" } },
			},
		},
	});
	const made = await first.holdfast("create", "--provider", "borgbackup");
	assert.equal(made.code, 0, made.stderr);
	const borg = (...words: string[]) =>
		execFileSync("borg", words, {
			cwd: folder,
			encoding: "utf8",
			env: { ...process.env, BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: "yes" },
		});
	const folder = scratch("forged");
	const [{ name, comment }] = JSON.parse(borg("info", "--json", "--last=1", at)).archives;
	borg("extract", `${at}::${name}`);
	const [manifest = ""] = execFileSync("find", [folder, "-name", "manifest.json"], {
		encoding: "utf8",
	}).split("\n");
	writeFileSync(
		manifest,
		readFileSync(manifest, "utf8").replaceAll("ssh://zzz-nowhere/x", `ssh://${OPTION}/x`),
	);
	borg(
		"create",
		`--comment=${comment.replaceAll("{", "{{").replaceAll("}", "}}")}`,
		`${at}::web01-later`,
		...readdirSync(folder),
	);
	const next = new Place(below);
	const { code, stderr } = await next.holdfast("adopt", at, "--yes", "--output", next.path("new.yaml"));
	assert.equal(code, 1, stderr);
	assert.match(stderr, /the manifest in .* cannot be parsed[\s\S]*begin with a dash/);
	assert.equal(existsSync(next.path("new.yaml")), false);
});

test("what is adopted is shown: where else backups go, and each file that is read as a password", async () => {
	const place = new Place(below);
	const file = (passwordFile: string) => ({ redis: "/srv/app/dump.rdb", port: 6666, passwordFile });
	place.declare({
		state: { app: { folders: ["/srv/app"], dumps: [file("/etc/shadow")] } },
		providers: {
			tar: { destinations: { disk: { path: place.path("archives") } } },
			restic: { destinations: { far: { repo: "rest:https://evil/x", passphraseFile: "/srv/app/known" } } },
		},
	});
	const manifest = (await place.holdfast("manifest")).stdout;
	const metadata = metadataOf({ folders: ["/srv/app"] }, { manifest: "/m.json" });
	const streams = [{ path: "/m.json", content: Buffer.from(manifest) }];
	writeTarArchive(place.path("archives"), "web01-1", { metadata, segments: [], streams });
	const { code, stdout, stderr } = await place.holdfast(
		"adopt",
		place.path("archives"),
		...["--type", "tar", "--output", place.path("adopted.yaml")],
	);
	assert.equal(code, 0, stderr);
	assert.match(stdout, /redis: \/srv\/app\/dump.rdb \(port 6666, passwordFile \/etc\/shadow\)/);
	assert.match(stdout, /^restic\/far +rest:https:\/\/evil\/x \(passphraseFile \/srv\/app\/known\)$/m);
	assert.doesNotMatch(stdout, /tar\/disk/);
});

test("a manifest that is no JSON, or too much of it, is refused in words and little memory", async () => {
	for (const [manifest, why] of [
		["", /it is not JSON/],
		[`{"state":${"[".repeat(1_000_000)}`, /nested more than 50 levels deep/],
		[`{"state":[${"{},".repeat(1_300_000)}{}]}`, /more than 500000 values/],
	] as const) {
		const place = new Place(below);
		const metadata = metadataOf({ folders: ["/srv/app"] }, { manifest: "/m.json" });
		const streams = [{ path: "/m.json", content: Buffer.from(manifest) }];
		writeTarArchive(place.path("archives"), "web01-1", { metadata, segments: [], streams });
		const { child, ended } = place.start(["adopt", "--dry-run", "--type", "tar", place.path("archives")]);
		const peak = watchPeak(child.pid);
		const { code, stderr } = await ended;
		assert.equal(code, 1);
		assert.match(stderr, /the manifest in web01-1 cannot be parsed/);
		assert.match(stderr, why);
		assert.ok(peak() < 150, `${peak()} MiB`);
	}
});
