// What `holdfast init` reads in applications' own settings: data that are elsewhere are in the config, or said to be unprotected.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { machinesIn } from "../../src/config/load.ts";
import { firstConfig } from "../../src/config/write.ts";
import { readYaml } from "../../src/config/yaml.ts";
import { servicesIn } from "../../src/host/services.ts";
import { propose, withPossibleSettings } from "../../src/modules/propose.ts";
import { environmentValues, iniValues, phpValues, xmlElements } from "../../src/modules/settings-text.ts";

interface Machine {
	/** Files by path; null if one cannot be read. */
	readonly files?: Readonly<Record<string, string | null>>;
	readonly folders?: readonly string[];
	readonly unit?: string;
	readonly environment?: { readonly assigned: string; readonly files: readonly string[] };
	readonly nixos?: boolean;
	/** Of each file with settings, and of these paths: root, unless they are here. */
	readonly owners?: Readonly<Record<string, number>>;
}

/** What init makes of the only application there. */
async function proposed({
	files = {},
	folders = [],
	unit,
	environment,
	nixos = false,
	owners = {},
}: Machine) {
	const proposal = propose({
		units: unit === undefined ? [] : [{ unit, stateDirectory: [], ...(environment ? { environment } : {}) }],
		has: (path) => folders.includes(path) || path in files,
		read: (path) => {
			const text = files[path];
			return text === undefined
				? undefined
				: text === null
					? { fault: "it is a link" }
					: { text, owner: owners[path] ?? 0 };
		},
		owner: (path) => owners[path] ?? 0,
		nixos,
	});
	const text = firstConfig({
		...{ machine: "web01", nixos, proposal },
		folders: { states: [], optional: { name: "", about: "", folders: [] } },
		providers: ["tar: { destinations: { disk: { path: /mnt/archives } } }"],
	});
	const [machine] = await machinesIn(readYaml({ file: "config", text }), "config");
	const [{ told, options } = { told: undefined, options: undefined }] = proposal.modules;
	return { text, told, options, state: machine?.state ?? {} };
}

const PHP = "/var/www/nextcloud/config/config.php";
const nextcloud = (lines: string, ...folders: string[]) =>
	proposed({
		files: { [PHP]: `<?php\n$CONFIG = array (\n  ${lines}\n);\n` },
		folders: ["/var/www/nextcloud", ...folders],
	});

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

const ENV = "/etc/vaultwarden.env";
const vaultwarden = { unit: "vaultwarden.service" };

describe("environments", () => {
	test("Vaultwarden's data, port and address", async () => {
		const { options, state } = await proposed({
			...vaultwarden,
			files: {
				[ENV]: "# DATA_FOLDER=/old\nDATA_FOLDER=/data/vault/\nROCKET_PORT='8812'\nROCKET_ADDRESS=127.0.0.1\n",
			},
			folders: ["/data/vault"],
		});
		assert.deepEqual(options, {
			environmentFile: ENV,
			dataDir: "/data/vault",
			database: { file: "/data/vault/db.sqlite3" },
			health: "http://127.0.0.1:8812/alive",
		});
		assert.deepEqual(state.vaultwarden?.folders, ["/data/vault", ENV]);
	});

	test("of its unit, and a file that the unit names", async () => {
		const { options } = await proposed({
			...vaultwarden,
			environment: { assigned: '"DATA_FOLDER=/data/my vault"', files: ["/srv/vw.env"] },
			files: { "/srv/vw.env": "DATABASE_URL=mysql://user:secret@localhost/vw\n" },
			folders: ["/data/my vault"],
		});
		assert.deepEqual(options, {
			dataDir: "/data/my vault",
			database: { file: "/data/my vault/db.sqlite3", type: "mariadb", name: "vw" },
		});
	});

	test("a relative folder is said, and a password never", async () => {
		const { told, text } = await proposed({
			...vaultwarden,
			files: { [ENV]: "DATA_FOLDER=data\nDATABASE_URL=postgresql://u:secret@db.example.org/vw\n" },
		});
		assert.equal(told?.unclear.length, 2);
		assert.match(told?.unclear[0] ?? "", /DATA_FOLDER\): check it$/);
		assert.doesNotMatch(text, /secret/);
	});

	for (const url of [
		"postgresql://u:secret@localhost/vw?host=db.example.org",
		"postgresql:///vw?ho%73t=db.example.org&password=secret",
		"u:secret@localhost/vw",
		"//u:secret@localhost/vw",
		"/secret",
	])
		test(`Vaultwarden's database is not understood and not shown: ${url}`, async () => {
			const { told, options, text } = await proposed({
				...vaultwarden,
				files: { [ENV]: `DATABASE_URL=${url}\n` },
			});
			assert.deepEqual(told?.unclear, [`its database is set in ${ENV} (DATABASE_URL): check it`]);
			assert.deepEqual(options, { environmentFile: ENV });
			assert.doesNotMatch(text, /secret/);
		});

	test("Vaultwarden's health is not asked where it cannot be", async () => {
		const { told } = await proposed({
			...vaultwarden,
			files: { [ENV]: "ROCKET_PORT=65536\nROCKET_ADDRESS=1.2.3.4.5\n" },
		});
		assert.equal(told?.unclear.length, 2);
		const tls = await proposed({
			...vaultwarden,
			files: { [ENV]: 'ROCKET_TLS={certs="/a",key="/b"}\nROCKET_PORT=8443\n' },
		});
		assert.deepEqual(tls.options, { environmentFile: ENV, health: false });
		assert.match(tls.told?.shown.join("\n") ?? "", /^it answers by https alone \(ROCKET_TLS\)/);
	});

	test("Open WebUI's DATA_DIR may be the folder in which it starts", async () => {
		const { told, options } = await proposed({
			unit: "open-webui.service",
			environment: { assigned: "DATA_DIR=.", files: [] },
		});
		assert.deepEqual([told?.unclear, told?.shown, options], [[], [], {}]);
	});

	test("another application's variable, by its module's option", async () => {
		const { options } = await proposed({
			unit: "n8n.service",
			environment: { assigned: "N8N_USER_FOLDER=/data/n8n", files: [] },
			folders: ["/data/n8n"],
		});
		assert.deepEqual(options, { dataDir: "/data/n8n/.n8n" });
	});

	test("Paperless's documents", async () => {
		const { state } = await proposed({
			unit: "paperless-webserver.service",
			files: {
				"/opt/paperless/paperless.conf":
					"#PAPERLESS_DATA_DIR=../data\nPAPERLESS_MEDIA_ROOT=/data/docs\nPAPERLESS_DBHOST=localhost\n",
			},
			folders: ["/data/docs"],
		});
		assert.deepEqual(state.paperless?.folders, ["/opt/paperless", "/data/docs"]);
		assert.ok(state.paperless?.dumps.some((dump) => "postgresql" in dump));
	});
});

const PAPERLESS = "/etc/paperless.conf";
const paperlessWith = (lines: string, ...folders: string[]) =>
	proposed({ unit: "paperless-web.service", nixos: true, files: { [PAPERLESS]: lines }, folders });

describe("data that are all elsewhere", () => {
	const lines =
		"PAPERLESS_DATA_DIR=/srv/paperless\nPAPERLESS_MEDIA_ROOT=/srv/paperless/media\nPAPERLESS_DBHOST=\n";
	const there = ["/srv/paperless", "/srv/paperless/media"];

	test("Paperless's: a folder in another is not named twice", async () => {
		const { state } = await paperlessWith(lines, "/var/lib/paperless", ...there);
		assert.deepEqual(state.paperless?.folders, ["/var/lib/paperless", PAPERLESS, "/srv/paperless"]);
	});

	test("Paperless's: the usual folder, which is not there, is not named", async () => {
		const { state } = await paperlessWith(lines, ...there);
		assert.deepEqual(state.paperless?.folders, ["/srv/paperless", PAPERLESS]);
		assert.deepEqual(
			state.paperless?.dumps.map((dump) => "sqlite" in dump && dump.sqlite),
			["/srv/paperless/db.sqlite3"],
		);
	});

	for (const [what, folders, expected, file] of [
		["WORK_PATH", [], ["/srv/forge", "/etc/forgejo"], "/srv/forge/data/forgejo.db"],
		[
			"WORK_PATH, with the usual folder",
			["/var/lib/forgejo"],
			["/var/lib/forgejo", "/etc/forgejo", "/srv/forge"],
			"/srv/forge/data/forgejo.db",
		],
		[
			"WORK_PATH and APP_DATA_PATH",
			["/srv/app"],
			["/srv/forge", "/etc/forgejo", "/srv/app"],
			"/srv/app/forgejo.db",
		],
	] as const)
		test(`Forgejo's: ${what}`, async () => {
			const app = what.endsWith("APP_DATA_PATH") ? "[server]\nAPP_DATA_PATH=/srv/app\n" : "";
			const { state } = await proposed({
				unit: "forgejo.service",
				files: {
					"/etc/forgejo/app.ini": `WORK_PATH=/srv/forge\n${app}[repository]\nROOT=/srv/forge/repos\n[database]\nDB_TYPE=sqlite3\n`,
				},
				folders: ["/srv/forge", "/srv/forge/repos", ...folders],
			});
			assert.deepEqual(state.forgejo?.folders, expected);
			assert.deepEqual(
				state.forgejo?.dumps.map((dump) => "sqlite" in dump && dump.sqlite),
				[file],
			);
		});
});

test("of settings that the config cannot have together, only those of one application are left out", async () => {
	const set = (name: string, assigned: string) => ({
		...{ unit: `${name}.service`, stateDirectory: [] },
		environment: { assigned, files: [] },
	});
	const seen = propose({
		units: [
			set("n8n", "N8N_USER_FOLDER=/data/n8n"),
			set("memos", "MEMOS_DATA=/data/both"),
			set("navidrome", "ND_DATAFOLDER=/data/both"),
		],
		...{
			has: (path: string) => path.startsWith("/data/"),
			read: () => undefined,
			owner: () => 0,
			nixos: false,
		},
	});
	const { modules } = await withPossibleSettings(seen, async (proposal) => {
		const text = firstConfig({
			...{ machine: "web01", nixos: false, proposal },
			folders: { states: [], optional: { name: "", about: "", folders: [] } },
			providers: ["tar: { destinations: { disk: { path: /mnt/archives } } }"],
		});
		await machinesIn(readYaml({ file: "config", text }), "config");
		return proposal;
	});
	assert.deepEqual(
		modules.map(({ name, told }) => [name, told.shown.length, told.unclear.length]),
		[
			["memos", 1, 0],
			["n8n", 1, 0],
			["navidrome", 0, 1],
		],
	);
});

test("Forgejo's app.ini", async () => {
	const { state } = await proposed({
		unit: "forgejo.service",
		files: {
			"/etc/forgejo/app.ini": [
				...["[repository]", "ROOT = /data/repositories", "[server]", "APP_DATA_PATH = /var/lib/forgejo/data"],
				...["[database]", "DB_TYPE = sqlite3", "PATH = /data/db/forgejo.db"],
			].join("\n"),
		},
		folders: ["/data/repositories", "/data/db/forgejo.db"],
	});
	assert.deepEqual(state.forgejo?.folders, [
		"/var/lib/forgejo",
		"/etc/forgejo",
		"/data/repositories",
		"/data/db",
	]);
	assert.deepEqual(
		state.forgejo?.dumps.map((dump) => "sqlite" in dump && dump.sqlite),
		["/data/db/forgejo.db"],
	);
});

test("folders that Syncthing shares are named", async () => {
	const { told } = await proposed({
		unit: "syncthing@anna.service",
		files: {
			"/home/anna/.config/syncthing/config.xml":
				'<configuration><!-- <folder path="/old"/> --><folder id="a" path="~/Sync &amp; more" type="x"><path>/no</path></folder><folder path="/data/b"/><defaults><folder id="" path="~"/></defaults></configuration>',
		},
	});
	assert.deepEqual(told?.leaves, ["/home/anna/Sync & more", "/data/b"]);
});

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

	for (const [what, line] of [
		["slashes", `'datadirectory' => '${"/".repeat(n)}x'`],
		["colons", `'datadirectory' => '/var/www/nextcloud/data', 'dbhost' => '/${":".repeat(n)}\n'`],
	] as const)
		test(`${what} in a value, which is not shown`, async () => {
			const began = performance.now();
			const { told } = await nextcloud(`${line},`);
			assert.ok(performance.now() - began < 2000);
			assert.equal(told?.unclear.length, 1);
			assert.ok((told?.unclear[0]?.length ?? n) < 200);
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
