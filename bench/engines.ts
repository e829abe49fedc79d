// `list` of many archives, `create` on restic and rsnapshot, and two destinations at once, against the engines alone.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFiles } from "./create.ts";
import { compare, run } from "./measure.ts";
import { nodeAlone } from "./node-alone.ts";
import { HOLDFAST, place } from "./place.ts";
import { atMost, type Row, shown } from "./row.ts";
import { sshServer } from "./ssh-server.ts";

const FILES = 70_000;
const ARCHIVES = 1_000;
const PAIRS = 7;

export const ENGINE_BENCHES: Record<string, (scratch: string) => Promise<Row[]>> = {
	list: listing,
	restic: (scratch) => onFiles(scratch, onRestic),
	rsnapshot: (scratch) => onFiles(scratch, onRsnapshot),
	two: (scratch) => onFiles(scratch, twoDestinations),
};

async function onFiles(
	scratch: string,
	bench: (scratch: string, data: string) => Promise<Row | Row[]>,
): Promise<Row[]> {
	const data = join(scratch, "data");
	makeFiles(data, FILES);
	return [await bench(scratch, data)].flat();
}

const create = [HOLDFAST, "create", "--quiet"];

/** Archives as Holdfast makes them, made by borg itself to save an hour: the comment is what costs. */
async function listing(below: string): Promise<Row[]> {
	const scratch = join(below, "listing");
	const data = join(scratch, "small");
	mkdirSync(data, { recursive: true });
	writeFileSync(join(data, "file"), "x");
	const passphraseFile = join(scratch, "passphrase");
	writeFileSync(passphraseFile, "correct horse\n", { mode: 0o600 });
	const repo = join(scratch, "repo");
	/** With a config, caches and knowledge of keys of its own; borg alone, and Holdfast. */
	const at = (folder: string, destination: { readonly repo: string; readonly rsh?: string }) => {
		mkdirSync(join(scratch, folder));
		const ours = place(join(scratch, folder), [data], {
			borg: { type: "borgbackup", destinations: { there: { ...destination, passphraseFile } } },
		});
		const { rsh } = destination;
		const env = {
			...ours.env,
			BORG_PASSCOMMAND: `cat ${passphraseFile}`,
			...(rsh === undefined ? {} : { BORG_RSH: rsh }),
		};
		return { ours, theirs: { ...ours, env } };
	};
	const near = at("near", { repo });
	await run({ ...near.ours, argv: create });
	const states = Object.fromEntries(
		["matrix-synapse", "nextcloud", "forgejo", "grafana"].map((name) => [
			name,
			{ outcome: "good", folders: [`/var/lib/${name}`, `/etc/${name}`] },
		]),
	);
	for (let archive = 1; archive < ARCHIVES; archive++) {
		const created = new Date(Date.UTC(2024, 0, 1) + archive * 86_400_000).toISOString();
		const about = {
			version: 1,
			machine: "here",
			run: `run-${archive}`,
			created,
			manifest: "/m.json",
			states,
		};
		const comment = `holdfast:${JSON.stringify(about)}`.replaceAll("{", "{{").replaceAll("}", "}}");
		await run({
			...near.theirs,
			argv: ["borg", "create", "--comment", comment, `${repo}::here-${archive}`, data],
		});
	}
	const list = [HOLDFAST, "list", "--json"];
	const plain = { ...near.theirs, argv: ["borg", "list", "--json", repo] };
	const server = await sshServer(join(scratch, "sshd"));
	try {
		const afar = at("afar", { repo: server.repo(repo), rsh: server.rsh });
		return [
			atMost(
				`\`list\` of ${ARCHIVES} archives on borg, over SSH`,
				"`borg list --json`",
				1.1,
				await compare(
					{ ...afar.ours, argv: list },
					{ ...afar.theirs, argv: ["borg", "list", "--json", server.repo(repo)] },
					PAIRS,
				),
			),
			atMost(
				`\`list\` of ${ARCHIVES} archives on borg, on this machine's own disk`,
				"`borg list --json`",
				1.1,
				await compare({ ...near.ours, argv: list }, plain, PAIRS),
			),
			await nodeAlone(scratch, "`borg list --json`", plain, PAIRS),
		];
	} finally {
		server.close();
	}
}

async function onRestic(below: string, data: string): Promise<Row[]> {
	const scratch = join(below, "restic");
	mkdirSync(scratch);
	const passphraseFile = join(scratch, "passphrase");
	writeFileSync(passphraseFile, "correct horse\n", { mode: 0o600 });
	const here = place(scratch, [data], {
		restic: { destinations: { here: { repo: join(scratch, "repo"), passphraseFile } } },
	});
	await run({ ...here, argv: create });
	const plain = {
		...here,
		env: {
			...here.env,
			RESTIC_REPOSITORY: join(scratch, "plain"),
			RESTIC_PASSWORD_FILE: passphraseFile,
			RESTIC_PROGRESS_FPS: "2",
		},
	};
	await run({ ...plain, argv: ["restic", "init"] });
	const backup = ["restic", "backup", "--json", data];
	return [
		atMost(
			`\`create\` on restic, ${FILES} files, nothing changed`,
			"`restic backup`",
			1.05,
			await compare({ ...here, argv: create }, { ...plain, argv: backup }, PAIRS),
		),
		shown(
			`\`restic backup --verbose=2\`, which tells of each file, ${FILES} files, nothing changed`,
			"`restic backup`",
			"what restic itself takes of the bound above: only so is a file found that changed while it was read",
			await compare({ ...plain, argv: [...backup, "--verbose=2"] }, { ...plain, argv: backup }, PAIRS),
		),
	];
}

async function onRsnapshot(below: string, data: string): Promise<Row> {
	const scratch = join(below, "rsnapshot");
	mkdirSync(join(scratch, "plain"), { recursive: true });
	const here = place(scratch, [data], {
		localbackup: { destinations: { here: { directory: join(scratch, "snapshots") } }, snapshots: 3 },
	});
	const conf = join(scratch, "conf");
	writeFileSync(
		conf,
		[
			["config_version", "1.2"],
			["snapshot_root", `${scratch}/plain/`],
			["cmd_rsync", "/usr/bin/rsync"],
			["cmd_rm", "/bin/rm"],
			["lockfile", join(scratch, "lock")],
			["retain", "snapshot", "3"],
			["sync_first", "1"],
			["link_dest", "1"],
			["rsync_short_args", "-aHAXS"],
			["rsync_long_args", "--numeric-ids --relative"],
			["backup", `${data}/`, "here/"],
		]
			.map((row) => `${row.join("\t")}\n`)
			.join(""),
	);
	// What ours syncs and the plain one would not is work for the plain one too.
	const plain = `rsnapshot -c "$0" sync && sync -f "$1" && rsnapshot -c "$0" snapshot`;
	return atMost(
		`\`create\` on rsnapshot, ${FILES} files, nothing changed`,
		"`rsnapshot sync`, synced, `rsnapshot snapshot`",
		1.05,
		await compare({ ...here, argv: create }, { ...here, argv: ["sh", "-c", plain, conf, scratch] }, PAIRS, 4),
	);
}

async function twoDestinations(below: string, data: string): Promise<Row> {
	const scratch = join(below, "two");
	mkdirSync(scratch);
	const repo = (name: string) => ({ repo: join(scratch, name), encryption: "none" });
	const here = place(scratch, [data], {
		first: { type: "borgbackup", destinations: { one: repo("one") } },
		second: { type: "borgbackup", destinations: { two: repo("two") } },
	});
	return atMost(
		"`create` to two borg repositories, nothing changed",
		"`create` to one",
		1.3,
		await compare({ ...here, argv: create }, { ...here, argv: [...create, "--provider", "first"] }, PAIRS),
	);
}
