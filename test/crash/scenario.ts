// The scenarios: for each kind of plan a service, an archive of its old state, and a newer live state.
import { installMysql } from "../databases/mysql.ts";
import { type Machine, machine } from "../machine/machine.ts";
import { RECOVERY_UNITS } from "../support/units.ts";

/** Run the program on the machine and return its output; throws if it fails. */
type Holdfast = (...words: readonly string[]) => Promise<string>;

export interface Scenario {
	readonly name: string;
	/** Declared states, and the units that they stop. */
	readonly state: Readonly<
		Record<string, { readonly folders: readonly string[]; readonly [option: string]: unknown }>
	>;
	/** Its database's server, if it has another name than the dump. */
	readonly server?: string;
	/** The command that is crashed. */
	readonly words: readonly string[];
	/** Allowed results for the live state. */
	readonly mayEnd: readonly ("old" | "newer")[];
	/** Approximate duration of all its crashes on two cores. */
	readonly minutes: number;
	/** The command fails by itself, so that its undo is crashed too. */
	readonly fails?: boolean;
	/** The live state after the command if nothing interferes; default: `old` if that is an allowed result. */
	readonly ends?: "newer";
	/** Options of the provider. */
	readonly provider?: Readonly<Record<string, unknown>>;
	/** What happens before the command, once the newer state is live; returns further arguments for the command. */
	before?(holdfast: Holdfast): Promise<readonly string[]>;
	/**
	 * Checks what must still work after the crash, once the state has been checked. Returns a description of what
	 * does not.
	 */
	after?(holdfast: Holdfast, end: string): Promise<string | undefined>;
}

const RESTORE = ["restore", "--yes", "--quiet", "tar", "latest"];
const app = { stopOnRestore: ["app.service"], settle: 0 };

export const SCENARIOS: readonly Scenario[] = [
	{
		name: "restore of two folders",
		minutes: 6,
		state: {
			app: {
				folders: ["/disk/app", "/disk/extra"],
				...app,
				hooks: { preRestore: "true", postRestore: "true" },
			},
		},
		words: RESTORE,
		mayEnd: ["old", "newer"],
	},
	{
		name: "restore that fails and is undone",
		minutes: 6,
		state: {
			app: { folders: ["/disk/app", "/disk/extra"], ...app, healthChecks: [{ script: "false", within: 0 }] },
		},
		words: RESTORE,
		mayEnd: ["newer"],
		fails: true,
	},
	{
		name: "restore of a mount point",
		minutes: 6,
		state: { app: { folders: ["/mounted", "/disk/app"], ...app } },
		words: RESTORE,
		mayEnd: ["old", "newer"],
	},
	{
		name: "restore of a btrfs subvolume",
		minutes: 6,
		state: { app: { folders: ["/btr/app", "/disk/app"], ...app } },
		words: RESTORE,
		mayEnd: ["old", "newer"],
	},
	{
		name: "restore of two services that share a unit",
		minutes: 7,
		state: { app: { folders: ["/disk/app"], ...app }, extra: { folders: ["/disk/extra"], ...app } },
		words: RESTORE,
		mayEnd: ["old", "newer"],
	},
	{
		name: "restore around another service's folder",
		minutes: 5,
		state: { app: { folders: ["/disk/app"], ...app }, inner: { folders: ["/disk/app/deep/inner"] } },
		words: ["restore", "--yes", "--quiet", "--service", "app", "tar", "latest"],
		mayEnd: ["old", "newer"],
	},
	{
		name: "create, with a unit stopped meanwhile",
		minutes: 2,
		state: {
			app: {
				folders: ["/disk/app", "/disk/extra"],
				stopOnBackup: ["app.service"],
				hooks: { preBackup: "true", postBackup: "true" },
			},
		},
		words: ["create", "--quiet"],
		mayEnd: ["newer"],
	},
	{
		name: "undo of a restore",
		minutes: 6,
		state: { app: { folders: ["/disk/app", "/disk/extra"], ...app } },
		async before(holdfast) {
			await holdfast(...RESTORE, "--keep-old", "1d");
			return [await lastRestore(holdfast)];
		},
		words: ["undo", "--yes", "--quiet"],
		mayEnd: ["old", "newer"],
		ends: "newer",
		// Until it has completed, it can still be undone.
		async after(holdfast, end) {
			if (end === "old") await holdfast("undo", "--yes", "--quiet", await lastRestore(holdfast));
			return undefined;
		},
	},
	{
		name: "prune",
		minutes: 2,
		state: { app: { folders: ["/disk/app", "/disk/extra"], ...app } },
		provider: { retention: { keepLast: 1 } },
		async before(holdfast) {
			for (let more = 0; more < 2; more++) await holdfast("create", "--quiet");
			return [];
		},
		words: ["prune", "--yes", "--quiet"],
		mayEnd: ["newer"],
		async after(holdfast) {
			await holdfast("check", "--full", "--quiet");
			await holdfast("prune", "--yes", "--quiet");
			const { archives } = JSON.parse(await holdfast("list", "--json")) as { archives: unknown[] };
			return archives.length === 1 ? undefined : `${archives.length} archives are left`;
		},
	},
	{
		name: "restore of a folder and a PostgreSQL database",
		minutes: 15,
		state: { app: { folders: ["/disk/app"], dumps: [{ postgresql: "app" }], ...app } },
		words: RESTORE,
		mayEnd: ["old", "newer"],
	},
	{
		name: "restore of a folder and a MariaDB database",
		minutes: 15,
		state: { app: { folders: ["/disk/app"], dumps: [{ mariadb: "app" }], ...app } },
		words: RESTORE,
		mayEnd: ["old", "newer"],
	},
	{
		name: "restore of a folder and a MySQL database",
		minutes: 15,
		state: { app: { folders: ["/disk/app"], dumps: [{ mariadb: "app" }], ...app } },
		server: "mysql",
		words: RESTORE,
		mayEnd: ["old", "newer"],
	},
];

async function lastRestore(holdfast: Holdfast): Promise<string> {
	const runs = JSON.parse(await holdfast("runs", "--json")) as { id: string; operation: string }[];
	const run = runs.find(({ operation }) => operation === "restore");
	if (!run) throw new Error("there was no restore");
	return run.id;
}

/** A server whose data are on a disk that can lose what was not synced. */
interface Server {
	/** The unit that starts at boot if the server's packages come from this host. */
	readonly unit?: string;
	prepare(web01: Machine): Promise<unknown>;
	/**
	 * The unit that runs it: a full disk may end it, and then it stays down until somebody frees space and starts it.
	 */
	readonly service: string;
	fill(which: string): string;
	/** Prints which state the database is in if it is complete; otherwise what is wrong with it. */
	readonly read: string;
	/** Prints databases that a run should not have left behind, or left closed. */
	readonly left: string;
	drop(database: string): string;
}

const SERVERS: Readonly<Record<string, Server>> = {
	postgresql: {
		unit: "postgresql.service",
		service: "postgresql@15-main.service",
		prepare: (web01) =>
			web01.sh(`
			pg_dropcluster 15 main --stop
			pg_createcluster 15 main -d /disk/postgresql >/dev/null
			systemctl start postgresql@15-main
			until runuser -u postgres -- pg_isready -q; do sleep 0.2; done
			runuser -u postgres -- createdb app
		`),
		fill: (which) =>
			`runuser -u postgres -- psql -XqAt -v ON_ERROR_STOP=1 -d app -c "DROP TABLE IF EXISTS note; CREATE TABLE note AS SELECT '${which}' AS text FROM generate_series(1, 100)"`,
		read: `
			cd /; for n in $(seq 100); do runuser -u postgres -- pg_isready -q && break; sleep 0.1; done
			runuser -u postgres -- psql -XqAt -d app -c "SELECT string_agg(DISTINCT text, '+') || CASE count(*) WHEN 100 THEN '' ELSE ' but ' || count(*) || ' rows' END FROM note" 2>&1 || true
		`,
		left: `cd /; runuser -u postgres -- psql -XqAtd postgres -c "SELECT datname FROM pg_database WHERE datname LIKE 'holdfast%' OR NOT datallowconn AND datname <> 'template0'"`,
		drop: (database) => `cd /; runuser -u postgres -- dropdb ${database}`,
	},
	mariadb: {
		unit: "mariadb.service",
		service: "mariadb.service",
		prepare: (web01) =>
			web01.sh(`
			systemctl stop mariadb
			cp -a /var/lib/mysql /disk/mysql
			printf '[mysqld]\\ndatadir=/disk/mysql\\ninnodb_log_file_size=8M\\n' >/etc/mysql/mariadb.conf.d/99-disk.cnf
			systemctl start mariadb
			mariadb -e 'CREATE DATABASE app'
		`),
		...tables("mariadb"),
	},
	mysql: {
		service: "mysql.service",
		prepare: async (web01) => {
			await installMysql(web01, "/disk/mysql");
			await web01.sh("mysql -e 'CREATE DATABASE app'");
		},
		...tables("mysql"),
	},
};

/** One table, and a view and a trigger that also show which state they belong to. */
function tables(client: string): Pick<Server, "fill" | "read" | "left" | "drop"> {
	return {
		fill: (which) => `${client} app -e "
			DROP VIEW IF EXISTS v; DROP TABLE IF EXISTS note, log; CREATE TABLE log (text TEXT);
			CREATE TABLE note (text TEXT); INSERT INTO note SELECT '${which}' FROM information_schema.columns LIMIT 100;
			CREATE VIEW v AS SELECT DISTINCT text, '${which}' AS own FROM note;
			CREATE TRIGGER t AFTER DELETE ON note FOR EACH ROW INSERT INTO log VALUES ('${which}')"`,
		read: `
			for n in $(seq 100); do ${client} -e 'SELECT 1' >/dev/null 2>&1 && break; sleep 0.1; done
			${client} -N app -e "SELECT IF(text = own AND (SELECT count(*) FROM note) = 100 AND (SELECT action_statement LIKE CONCAT('%', QUOTE(text), '%') FROM information_schema.triggers WHERE trigger_schema = 'app'), text, CONCAT(text, ' with the view of ', own)) FROM v" 2>&1 || true
		`,
		left: `${client} -Ne "SHOW DATABASES LIKE 'holdfast%'"`,
		drop: (database: string) => `${client} -e "DROP DATABASE ${database}"`,
	};
}

/** The server of a scenario's database. */
export function serverOf({ state, server }: Scenario): string | undefined {
	if (server !== undefined) return server;
	const [dump] = Object.values(state).flatMap(({ dumps }) => (dumps ?? []) as object[]);
	return dump && Object.keys(dump)[0];
}

const server = (scenario: Scenario) => SERVERS[serverOf(scenario) ?? ""];

const FOLDERS = ["/disk/app", "/disk/extra", "/mounted", "/btr/app"];
const HOLDFAST = "/opt/holdfast/bin/holdfast";
const UNITS = ["app", "web", "app.path"];
export const ENV = { HOLDFAST_STATE_DIR: "/disk/holdfast" };

/** A machine whose data, archives and journal are on disks that can lose what was not synced. */
export async function crashMachine(kind?: string): Promise<Machine> {
	const own = SERVERS[kind ?? ""];
	const web01 = await machine(kind ?? "web01", {
		units: own?.unit ? [own.unit] : [],
		disks: { "/disk": "ext4", "/mounted": "ext4", "/btr": "btrfs" },
	});
	await web01.write(
		"/etc/systemd/system/app.service",
		"[Service]\nExecStart=/bin/sh -c 'while :; do cat /disk/app/file >/dev/null || exit 1; sleep 0.02; done'\n[Install]\nWantedBy=multi-user.target\n",
	);
	// Units that stop along with it, and units that could start it in the meantime.
	await web01.write(
		"/etc/systemd/system/web.service",
		"[Unit]\nRequires=app.service\nAfter=app.service\n[Service]\nExecStart=/bin/sleep inf\n[Install]\nWantedBy=multi-user.target\n",
	);
	await web01.write(
		"/etc/systemd/system/app.path",
		"[Path]\nPathExists=/run/never\n[Install]\nWantedBy=multi-user.target\n",
	);
	for (const { name, text } of RECOVERY_UNITS) {
		await web01.write(
			`/etc/systemd/system/${name}`,
			text
				.replace("/var/lib/holdfast/journal.sqlite", `${ENV.HOLDFAST_STATE_DIR}/journal.sqlite`)
				.replace("[Service]", `[Service]\nEnvironment=HOLDFAST_STATE_DIR=${ENV.HOLDFAST_STATE_DIR}`),
		);
	}
	await web01.sh(`
		ln -s /opt/holdfast/bin/holdfast /usr/local/bin/holdfast
		btrfs subvolume create /btr/app >/dev/null
		mkdir -p /disk/app /disk/extra
		systemctl enable -q holdfast-recover holdfast-recover-databases app web app.path
	`);
	await own?.prepare(web01);
	return web01;
}

/** Declare it, and make an archive of the old state. */
export async function begin(web01: Machine, scenario: Scenario): Promise<void> {
	const { state, provider } = scenario;
	await web01.write(
		"/etc/holdfast/holdfast.json",
		JSON.stringify({
			machines: {
				web01: {
					state,
					providers: { tar: { ...provider, destinations: { disk: { path: "/disk/archives" } } } },
				},
			},
		}),
	);
	await web01.sh(`systemctl stop app; rm -rf /disk/archives ${ENV.HOLDFAST_STATE_DIR}; 
${fill("old", scenario)}`);
	await web01.sh("/opt/holdfast/bin/holdfast create --quiet; sync", { env: ENV });
}

const holdfastOn =
	(web01: Machine): Holdfast =>
	async (...words) => {
		const { code, stdout, stderr } = await web01.run([HOLDFAST, ...words], { env: ENV });
		if (code !== 0) throw new Error(`${words.join(" ")}: exit code ${code}\n${stderr}`);
		return stdout;
	};

/**
 * Make the newer state live and sync it, start its unit, and do what comes before the command. Returns the entire
 * command.
 */
export async function makeReady(web01: Machine, scenario: Scenario): Promise<string[]> {
	await web01.sh(
		`systemctl stop app\n${fill("newer", scenario)}\nsync; systemctl reset-failed app web || true; systemctl start app web app.path`,
	);
	const more = (await scenario.before?.(holdfastOn(web01))) ?? [];
	return [HOLDFAST, ...scenario.words, ...more];
}

/** Free space, and start the database server again: PostgreSQL exits when it cannot write its log. */
export async function makeRoom(web01: Machine, scenario: Scenario): Promise<void> {
	const { service } = server(scenario) ?? {};
	await web01.sh(`rm -f /disk/ballast /disk/ballast2; ${service ? `systemctl start ${service}` : ""}`);
}

/** In each folder: a file that names the state, one that exists only in that state, and a folder with more. */
function fill(which: "old" | "newer", scenario: Scenario): string {
	const folders = FOLDERS.map(
		(folder) => `
			cd ${folder}; find . -mindepth 1 -not -name lost+found -not -path './deep*' -delete
			echo ${which} >file; touch only-${which}; mkdir more; for n in 1 2 3; do echo ${which} $n >more/$n; done
			mkdir -p deep/inner; echo inner >deep/inner/file
		`,
	).join("\n");
	return `cd /\n${server(scenario)?.fill(which) ?? ""}\n${folders}`;
}

/** The output of each script, with several run at once. */
async function answers(web01: Machine, scripts: readonly string[]): Promise<string[]> {
	const end = "-- that was it --";
	const all = scripts.map((script) => `(\n${script}\n)\necho '${end}'\n`).join("");
	return (await web01.sh(all, { env: ENV })).split(end).map((answer) => answer.trim());
}

/** Prints the content of a folder: the names of its files, and their content. */
const content = (folder: string) =>
	`cd ${folder} 2>/dev/null || { echo gone; exit; }; find . -type f -not -path './deep/inner/*' -not -path './lost+found*' | sort; cat file more/* 2>&1 || true`;

/** The name of the state if it is complete; otherwise the content. */
function stateOf(found: string): string {
	for (const which of ["old", "newer"] as const) if (found === whole(which)) return which;
	return `MIXED: ${found.replaceAll("\n", " ")}`;
}

function whole(which: string): string {
	return [
		"./file",
		"./more/1",
		"./more/2",
		"./more/3",
		`./only-${which}`,
		which,
		...[1, 2, 3].map((n) => `${which} ${n}`),
	].join("\n");
}

/** `old` or `newer`, or a description of everything that is wrong. */
export async function verdict(web01: Machine, scenario: Scenario): Promise<string> {
	const states = Object.entries(scenario.state).filter(([name]) => name !== "inner");
	const read = (dumps: unknown) => (dumps ? [server(scenario)?.read ?? ""] : []);
	const contents = await answers(
		web01,
		states.flatMap(([, { folders, dumps }]) => [...folders.map(content), ...read(dumps)]),
	);
	const faults: string[] = [];
	const ends = new Set<string>();
	for (const [name, { folders, dumps }] of states) {
		const each = new Set(folders.map(() => stateOf(contents.shift() ?? "")));
		if (dumps) each.add(contents.shift() ?? "");
		if (each.size > 1) faults.push(`${name} is half-way: ${[...each].join(" and ")}`);
		for (const one of each) ends.add(one);
	}
	const end = [...ends].sort().join(" and ");
	try {
		const fault = await scenario.after?.(holdfastOn(web01), end);
		if (fault !== undefined) faults.push(fault);
	} catch (error) {
		faults.push(String(error));
	}
	const looks = await answers(web01, [
		...UNITS.map(
			(unit) =>
				`for n in $(seq 100); do systemctl is-active -q ${unit} && break; sleep 0.1; done; systemctl is-active ${unit} || true`,
		),
		"cat /disk/app/deep/inner/file",
		`find /disk /mounted /btr -name '.holdfast-*' -o -name '*.found-*' -o -name '.partial-*'; ls ${ENV.HOLDFAST_STATE_DIR}/spool 2>/dev/null || true`,
		`${HOLDFAST} runs --json`,
		`${HOLDFAST} list --json`,
	]);
	const active = looks.splice(0, UNITS.length);
	const [inner, left, listedRuns = "", listed = ""] = looks;
	if (inner !== "inner") faults.push("the inner folder was touched");
	for (const [index, unit] of UNITS.entries())
		if (active[index] !== "active") faults.push(`${unit} is ${active[index]}`);
	if (left !== "") faults.push(`left behind: ${left}`);
	const runs = JSON.parse(listedRuns) as { id: string; outcome: string | null }[];
	const { archives } = JSON.parse(listed) as { archives: { metadata: unknown }[] };
	for (const database of (await web01.sh(server(scenario)?.left ?? "")).split("\n").filter(Boolean)) {
		// For one whose service was up before the run was undone; this is reported.
		const show = runs.slice(0, 3).map(({ id }) => `${HOLDFAST} runs show ${id}`);
		const said = await web01.sh(`{ ${show.join("; ")}; } | grep '  left  ' || true`, { env: ENV });
		if (said.includes(`kept as the database ${database};`))
			await web01.sh(server(scenario)?.drop(database) ?? "");
		else faults.push(`database left behind: ${database}`);
	}
	for (const { id, outcome } of runs)
		if (outcome === null || outcome === "needs-recover") faults.push(`run ${id} is ${outcome ?? "open"}`);
	for (const { metadata } of archives) if (!metadata) faults.push("a half archive is listed");
	return faults.length > 0 ? faults.join("; ") : end;
}
