// The machine of a scenario: its live state before the command, and what became of it afterwards.
import { type Machine, machine } from "../machine/machine.ts";
import { RECOVERY_UNITS, readsForEver } from "../support/units.ts";
import type { Holdfast, Scenario } from "./scenario.ts";
import { SERVERS, server } from "./server.ts";

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
		`[Service]\nExecStart=${readsForEver("/disk/app/file")}\n[Install]\nWantedBy=multi-user.target\n`,
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
