// Restores on a test machine with real units: how long the service is down, against stop, `borg extract`, start; and
// how long all of it takes for one service of a large archive. Needs root.
import { type Machine, machine, noMachines } from "../test/machine/machine.ts";
import { comparison, median } from "./measure.ts";
import { atMost, type Row } from "./row.ts";

const PAIRS = 5;
const FILES = 70_000;
const SIZES = [50, 500, 5_000];
const BORG = "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes BORG_RELOCATED_REPO_ACCESS_IS_OK=yes";

export async function restoreBench(): Promise<Row[]> {
	if (noMachines) {
		process.stderr.write(`restore: skipped, ${noMachines}\n`);
		return [];
	}
	const web01 = await machine("web01");
	await web01.write(
		"/etc/systemd/system/app.service",
		"[Service]\nType=notify\nNotifyAccess=all\nExecStart=/bin/sh -c 'systemd-notify --ready; exec sleep infinity'\n",
	);
	return [...(await downtime(web01)), await oneOfMany(web01)];
}

async function declare(web01: Machine, state: object): Promise<void> {
	const providers = { borgbackup: { destinations: { here: { repo: "/backup/repo", encryption: "none" } } } };
	await web01.write(
		"/etc/holdfast/holdfast.json",
		JSON.stringify({ machines: { web01: { state, providers } } }),
	);
}

async function holdfast(web01: Machine, ...words: string[]): Promise<void> {
	const { code, stderr } = await web01.holdfast(...words);
	if (code !== 0) throw new Error(`holdfast ${words.join(" ")} ended with ${code}\n${stderr}`);
}

async function downtime(web01: Machine): Promise<Row[]> {
	const rows: Row[] = [];
	const downs = new Map<number, number>();
	for (const megabytes of SIZES) {
		await declare(web01, { app: { folders: ["/srv/app"], stopOnRestore: ["app.service"], settle: 0 } });
		await web01.sh(`
			rm -rf /srv/app /backup /var/lib/holdfast /root/.cache/borg; mkdir -p /srv/app
			for n in $(seq ${megabytes / 10}); do head -c 10000000 /dev/urandom >/srv/app/$n; done
			systemctl start app
		`);
		await holdfast(web01, "create", "--quiet");
		const name = await web01.sh(`${BORG} borg list --short /backup/repo`);
		const ours: number[] = [];
		const theirs: number[] = [];
		for (let pair = 0; pair < (megabytes > 1_000 ? 3 : PAIRS); pair++) {
			await holdfast(web01, "restore", "--yes", "--quiet", "borgbackup", "latest");
			const runs = JSON.parse((await web01.holdfast("runs", "--json")).stdout);
			ours.push(runs[0].summary.downtimeSeconds);
			if (megabytes !== 500) continue;
			const seconds = await web01.sh(`
				began=$(date +%s.%N); systemctl stop app; cd /; ${BORG} borg extract /backup/repo::${name} srv/app; systemctl start app
				echo "$(date +%s.%N) - $began" | bc 2>/dev/null || awk "BEGIN { print $(date +%s.%N) - $began }"
			`);
			theirs.push(Number(seconds));
		}
		downs.set(megabytes, median(ours));
		if (megabytes === 500) {
			const ratios = theirs.map((other, pair) => other / (ours[pair] ?? Number.NaN));
			rows.push({
				what: "downtime of a restore of 500 MB",
				ours: milliseconds(median(ours)),
				theirs: `stop, \`borg extract\`, start: ${median(theirs).toFixed(2)} s`,
				ratio: `${median(ratios).toFixed(0)}× shorter (${Math.min(...ratios).toFixed(0)}–${Math.max(...ratios).toFixed(0)}), ${ratios.length} pairs`,
				bound: "≥ 10×",
				kept: median(ratios) >= 10,
			});
		}
	}
	const [small = Number.NaN, , large = Number.NaN] = SIZES.map((size) => downs.get(size));
	rows.push({
		what: `downtime of a restore of ${SIZES.join(", ")} MB`,
		ours: SIZES.map((size) => milliseconds(downs.get(size) ?? Number.NaN)).join(", "),
		theirs: "each other",
		ratio: `${(large / small).toFixed(2)}× from the smallest to the largest`,
		bound: "flat",
		kept: large / small < 1.5,
	});
	return rows;
}

/** One service of 1 % of an archive's files, all of the command, against `borg extract` of the same paths. */
async function oneOfMany(web01: Machine): Promise<Row> {
	await web01.sh(`
		systemctl stop app; rm -rf /srv/app /backup /var/lib/holdfast /root/.cache/borg; mkdir -p /srv/app /srv/other
		cat >/root/fill.py <<-'END'
			import os
			for n in range(${FILES}):
			    below = f"/srv/{'app' if n % 100 == 0 else 'other'}/{n // 1000}"
			    os.makedirs(below, exist_ok=True)
			    with open(f"{below}/{n}", "wb") as file: file.write(os.urandom(10_000))
		END
		python3 /root/fill.py
	`);
	await declare(web01, { app: { folders: ["/srv/app"], settle: 0 }, other: { folders: ["/srv/other"] } });
	await holdfast(web01, "create", "--quiet");
	const name = await web01.sh(`${BORG} borg list --short /backup/repo`);
	const ours: number[] = [];
	const theirs: number[] = [];
	for (let pair = 0; pair <= PAIRS; pair++) {
		let began = performance.now();
		await holdfast(
			web01,
			"restore",
			"--yes",
			"--quiet",
			"--service",
			"app",
			"borgbackup",
			`here::/backup/repo::${name}`,
		);
		ours.push((performance.now() - began) / 1000);
		began = performance.now();
		await web01.sh(
			// On the same filesystem: a machine's /tmp is in memory.
			`rm -rf /srv/x; mkdir /srv/x; cd /srv/x; ${BORG} borg extract /backup/repo::${name} srv/app; sync -f /srv/x`,
		);
		theirs.push((performance.now() - began) / 1000);
	}
	return atMost(
		`restore of a service that is 1 % of ${FILES} files`,
		"`borg extract`, synced",
		1.15,
		// The first pair warms the caches.
		comparison(ours.slice(1), theirs.slice(1)),
	);
}

const milliseconds = (seconds: number) => `${Math.round(seconds * 1000)} ms`;
