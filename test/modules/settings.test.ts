// What `holdfast init` reads in applications' own settings: data that are elsewhere are in the config, or said to be unprotected.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { machinesIn } from "../../src/config/load.ts";
import { firstConfig } from "../../src/config/write.ts";
import { readYaml } from "../../src/config/yaml.ts";
import { propose, withPossibleSettings } from "../../src/modules/propose.ts";
import { proposed } from "./proposed.ts";

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
