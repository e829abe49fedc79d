// What `holdfast init` reads in Nextcloud's own settings.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nextcloud, PHP, proposed } from "./proposed.ts";

describe("Nextcloud's config.php", () => {
	test("a data folder elsewhere is in the config, and shown; so is its database", async () => {
		const { state, text, told } = await nextcloud(
			"'datadirectory' => '/data/nextcloud-data',\n 'dbtype' => 'pgsql',\n 'dbname' => 'cloud',",
			"/data/nextcloud-data",
		);
		assert.deepEqual(state.nextcloud?.folders, ["/var/www/nextcloud", "/data/nextcloud-data"]);
		assert.deepEqual(
			state.nextcloud?.dumps.map((dump) => "postgresql" in dump && dump.postgresql),
			["cloud"],
		);
		assert.ok(state.nextcloud?.exclude.includes("/data/nextcloud-data/nextcloud.log"));
		assert.match(
			text,
			/^ +# the place of the users' files is \/data\/nextcloud-data \(datadirectory in \/var\/www\/.*\)$/m,
		);
		assert.deepEqual(told?.unclear, []);
	});

	test("where it usually is, nothing is said", async () => {
		const { told, options } = await nextcloud(
			"'datadirectory' => '/var/www/nextcloud/data', 'dbtype' => 'mysql', 'dbhost' => 'localhost:3306',",
		);
		assert.deepEqual([told?.shown, told?.unclear], [[], []]);
		assert.deepEqual(options, { database: { type: "mariadb" } });
	});

	test("SQLite's file is in a data folder below the usual one too", async () => {
		const { options } = await nextcloud(
			"'datadirectory' => '/var/www/nextcloud/users/', 'dbtype' => 'sqlite3',",
		);
		assert.deepEqual(options, {
			database: { type: "sqlite", file: "/var/www/nextcloud/users/owncloud.db" },
		});
	});

	test("a server that is computed may be another machine's", async () => {
		const { told } = await nextcloud(
			"'datadirectory' => '/var/www/nextcloud/data', 'dbhost' => getenv('X'),",
		);
		assert.match(
			told?.unclear.join("\n") ?? "",
			/^the server of its database, which may be another machine's, /,
		);
	});

	for (const [whose, owner, folders] of [
		["its user's", 33, ["/var/www/nextcloud", "/data/nc"]],
		["another's", 1000, ["/var/www/nextcloud"]],
	] as const)
		test(`what its user sets may name a folder: ${whose}`, async () => {
			const { state, told } = await proposed({
				files: { [PHP]: "<?php $CONFIG = ['datadirectory' => '/data/nc'];" },
				folders: ["/var/www/nextcloud", "/data/nc"],
				owners: { [PHP]: 33, "/data/nc": owner },
			});
			assert.deepEqual(state.nextcloud?.folders, folders);
			assert.match(
				[...(told?.shown ?? []), ...(told?.unclear ?? [])].join("\n"),
				owner === 33 ? /^the place of .*$/ : /does not belong to the user .*check it$/,
			);
		});

	test("SQLite's file is in the data folder", async () => {
		const { state } = await nextcloud("'datadirectory' => '/data/nc', 'dbtype' => 'sqlite3',", "/data/nc");
		assert.deepEqual(
			state.nextcloud?.dumps.map((dump) => "sqlite" in dump && dump.sqlite),
			["/data/nc/owncloud.db"],
		);
	});

	for (const [what, lines] of [
		["a folder of the system", "'datadirectory' => '/etc',"],
		["programs", "'datadirectory' => '/usr',"],
		["a spool", "'datadirectory' => '/var/spool',"],
		["packages", "'datadirectory' => '/var/lib/dpkg/info',"],
		["one below it", "'datadirectory' => '/root/.ssh',"],
		["all", "'datadirectory' => '/',"],
		["a path with ..", "'datadirectory' => '/data/../etc',"],
		["a path with control characters", "'datadirectory' => '/data/\u001b[2J',"],
		["a folder that is not there", "'datadirectory' => '/gone',"],
		["what is computed", "'datadirectory' => getenv('DATA'),"],
		["what is joined", "'datadirectory' => '/data' . '/nc',"],
		["nothing", "'dbtype' => 'mysql',"],
		["two folders", "'datadirectory' => '/data/a', 'datadirectory' => '/data/b',"],
	] as const)
		test(`${what}: not obeyed, and said`, async () => {
			const { state, text, told } = await nextcloud(lines, "/etc", "/root/.ssh", "/", "/data");
			assert.deepEqual(state.nextcloud?.folders, ["/var/www/nextcloud"]);
			assert.equal(told?.unclear.length, 1, told?.unclear.join("\n"));
			assert.match(told?.unclear[0] ?? "", /datadirectory.*check it$/s);
			assert.match(text, /^ +# not protected: .*datadirectory.*check it$/m);
		});

	test("a file that is not read is named", async () => {
		const { told } = await proposed({ files: { [PHP]: null }, folders: ["/var/www/nextcloud"] });
		assert.deepEqual(told?.unclear, [`${PHP} may say where its data are, and was not read: it is a link`]);
	});

	test("an object store and a database elsewhere are not protected", async () => {
		const { told } = await nextcloud(
			"'datadirectory' => '/var/www/nextcloud/data', 'objectstore' => ['class' => 'S3'], 'dbhost' => 'db.example.org',",
		);
		assert.match(told?.unclear.join("\n") ?? "", /object store.*not this machine/s);
	});
});

describe("a mebibyte in a value takes no time, and is not shown", () => {
	const n = 1024 ** 2;
	for (const [what, line] of [
		["slashes", `'datadirectory' => '${"/".repeat(n)}x'`],
		["colons", `'datadirectory' => '/var/www/nextcloud/data', 'dbhost' => '/${":".repeat(n)}\n'`],
	] as const)
		test(what, async () => {
			const began = performance.now();
			const { told } = await nextcloud(`${line},`);
			assert.ok(performance.now() - began < 2000);
			assert.equal(told?.unclear.length, 1);
			assert.ok((told?.unclear[0]?.length ?? n) < 200);
		});
});
