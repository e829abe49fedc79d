// What a dump costs: bytes on this machine's disk while a backup is made, and what a small change adds to a borg
// repository, for dumps that are compressed by the database's own program and for those that are not. Needs root.
import { type Machine, machine, noMachines } from "../test/machine/machine.ts";
import type { Row } from "./row.ts";

const BORG = "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes BORG_RELOCATED_REPO_ACCESS_IS_OK=yes";

/** Rows like an application's: words, times, keys; about 150 MB. */
const DATA = `
CREATE TABLE member (id int PRIMARY KEY, name text, joined timestamptz);
INSERT INTO member SELECT n, 'member ' || n, now() - n * interval '1 hour' FROM generate_series(1, 20000) AS n;
CREATE TABLE post (id int PRIMARY KEY, member int, at timestamptz, body text);
INSERT INTO post SELECT n, 1 + n % 20000, now() - n * interval '1 minute',
  (SELECT string_agg((ARRAY['the','of','harbour','light','we','came','back','and','found','letters','under','old','stairs','winter','before','music'])[1 + (random() * 15)::int], ' ') FROM generate_series(1, 90 + n % 7))
  FROM generate_series(1, 250000) AS n;
CREATE INDEX ON post (member);
`;
/** What a day does: one row in a hundred is new, some of last week's are edited; and a few old ones as well. */
const CHANGES = {
	"1 % of the rows are new, 0.4 % (recent ones) were edited": `
		INSERT INTO post SELECT id + 1000000, member, now(), body FROM post WHERE id % 100 = 3;
		UPDATE post SET body = body || ' edited' WHERE id BETWEEN 249000 AND 250000;
	`,
	"five old rows were edited too":
		"UPDATE post SET body = body || ' edited' WHERE id IN (7, 50007, 100007, 150007, 200007)",
};

export async function dumpsBench(): Promise<Row[]> {
	if (noMachines) {
		process.stderr.write(`dumps: skipped, ${noMachines}\n`);
		return [];
	}
	const db01 = await machine("db01", { units: ["postgresql.service"] });
	const psql = (input: string) =>
		db01.sh("cd /; runuser -u postgres -- psql -XqAtv ON_ERROR_STOP=1 -d app", { input });
	await db01.sh(
		"until runuser -u postgres -- pg_isready -q; do sleep 0.2; done; cd /; runuser -u postgres -- createdb app",
	);
	await psql(DATA);
	await db01.write(
		"/etc/holdfast/holdfast.json",
		JSON.stringify({
			machines: {
				db01: {
					state: { app: { dumps: [{ postgresql: "app" }] } },
					providers: {
						borgbackup: { destinations: { here: { repo: "/backup/repo", encryption: "none" } } },
						tar: { destinations: { disk: { path: "/backup/archives" } } },
					},
				},
			},
		}),
	);
	const dumpBytes = Number(await db01.sh("cd /; runuser -u postgres -- pg_dump -Fc -Z0 app | wc -c"));
	const streamed = await peak(db01, "create --quiet --provider borgbackup");
	const spooled = await peak(db01, "create --quiet");
	const first: Row = {
		what: `bytes on this machine's disk during a create of a database, dump of ${mebibytes(dumpBytes)}`,
		ours: mebibytes(streamed),
		theirs: `through a file (two destinations): ${mebibytes(spooled)}`,
		ratio: `${((100 * streamed) / dumpBytes).toFixed(1)} % of the dump`,
		bound: "none for a stream (≤ 1 MiB)",
		kept: streamed <= 1024 ** 2,
	};

	// The same database before and after the same change, by each way in a repository of its own.
	const compressed = async () => {
		await db01.sh(`
			mkdir -p /backup/dumps; cd /; runuser -u postgres -- pg_dump -Fc app >/backup/dumps/app.dump
			[ -d /backup/other ] || ${BORG} borg init -e none /backup/other
			${BORG} borg create -C auto,zstd /backup/other::{now:%s%f} /backup/dumps
		`);
		return size(db01, "/backup/other");
	};
	let [plainBefore, compressedBefore] = [await size(db01, "/backup/repo"), await compressed()];
	const rows = [first];
	for (const [what, change] of Object.entries(CHANGES)) {
		await psql(change);
		await db01.sh("/opt/holdfast/bin/holdfast create --quiet --provider borgbackup");
		const [plainAfter, compressedAfter] = [await size(db01, "/backup/repo"), await compressed()];
		const [plain, other] = [plainAfter - plainBefore, compressedAfter - compressedBefore];
		rows.push({
			what: `growth of a borg repository when ${what}`,
			ours: `${mebibytes(plain)} (all: ${mebibytes(plainAfter)})`,
			theirs: `dumps that pg_dump compresses: ${mebibytes(other)} (all: ${mebibytes(compressedAfter)})`,
			ratio: `${(plain / other).toFixed(2)}×`,
			bound: "< 1×: then uncompressed is the better default",
			kept: plain < other,
		});
		[plainBefore, compressedBefore] = [plainAfter, compressedAfter];
	}
	return rows;
}

/** The most that Holdfast's own folder grew by while a command ran. */
async function peak(db01: Machine, words: string): Promise<number> {
	const bytes = await db01.sh(`
		before=$(du -sb /var/lib/holdfast 2>/dev/null | cut -f1 || true); before=\${before:-0}; most=0
		/opt/holdfast/bin/holdfast ${words} & pid=$!
		while kill -0 $pid 2>/dev/null; do
			now=$(du -sb /var/lib/holdfast 2>/dev/null | cut -f1 || true); now=$((\${now:-0} - before))
			[ "$now" -le "$most" ] || most=$now
			sleep 0.05
		done
		wait $pid; echo $most
	`);
	return Number(bytes);
}

async function size(db01: Machine, folder: string): Promise<number> {
	return Number(await db01.sh(`du -sb ${folder} | cut -f1`));
}

function mebibytes(bytes: number): string {
	return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
