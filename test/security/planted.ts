// Archives that carry our mark with any metadata, planted next to a good one: on every engine, with its real program.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import type { Archive } from "../../src/engines/archive.ts";
import type { ProviderOptions } from "../../src/engines/list.ts";
import { openProvider } from "../../src/engines/registry.ts";
import { only, setUpEngines, type Whole } from "../engines/engines.ts";
import { metadataOf, quiet } from "../engines/fixtures.ts";
import { scratch } from "../support/scratch.ts";

export const folder = scratch("descriptions");
setUpEngines(folder);

export interface Hostile {
	readonly type: "tar" | "borgbackup" | "restic" | "localbackup";
	options(at: string): ProviderOptions;
	/** An archive that carries our mark, with this metadata. `name` is ignored if the engine assigns one. */
	plant(at: string, name: string, text: string): void;
	/** Each run of its program takes a second: for code that all engines share it runs only a few samples. */
	readonly slow?: true;
}

export const passphraseFile = join(folder, "passphrase");
export const files = mkdtempSync(join(folder, "files-"));
writeFileSync(join(files, "file"), "not from here");
export const run = (at: string, argv: readonly string[]) =>
	execFileSync(argv[0] ?? "", argv.slice(1), {
		cwd: "/",
		stdio: ["ignore", "ignore", "pipe"],
		env: {
			...process.env,
			RESTIC_REPOSITORY: at,
			RESTIC_PASSWORD_FILE: passphraseFile,
			BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: "yes",
		},
	});
/** The number of the next planted snapshot; an imported binding follows it. */
export let snapshots = 100;

export const HOSTILE: readonly Hostile[] = [
	{
		type: "tar",
		options: (path) => ({ type: "tar", destinations: { there: { path } }, retention: { keepLast: 1 } }),
		plant: (at, name, text) => {
			mkdirSync(join(at, name));
			writeFileSync(join(at, name, "data.tar.zst"), "");
			writeFileSync(
				join(at, name, "index.json"),
				`{"format":"holdfast-tar","version":1,"metadata":${text},"segments":[]}`,
			);
		},
	},
	{
		type: "borgbackup",
		options: (repo) => ({
			type: "borgbackup",
			destinations: { there: { repo, encryption: "none" } },
			retention: { keepLast: 1 },
		}),
		plant: (at, name, text) => {
			const comment = `holdfast:${text}`.replaceAll("{", "{{").replaceAll("}", "}}");
			run(at, ["borg", "create", "--comment", comment, `${at}::${name}`, files.slice(1)]);
		},
		slow: true,
	},
	{
		type: "restic",
		options: (repo) => ({
			type: "restic",
			destinations: { there: { repo, passphraseFile } },
			retention: { keepLast: 1 },
		}),
		plant: (at, name, text) => {
			const about = deflateRawSync(text).toString("base64url");
			run(at, ["restic", "backup", "-q", `--tag=holdfast=${name}`, `--tag=holdfast-about=${about}`, files]);
		},
		slow: true,
	},
	{
		type: "localbackup",
		options: (directory) => ({
			type: "localbackup",
			destinations: { there: { directory } },
			retention: { keepLast: 1 },
		}),
		plant: (at, name, text) => {
			const snapshot = join(at, `snapshot.${snapshots++}`);
			mkdirSync(snapshot);
			writeFileSync(
				join(snapshot, "holdfast.json"),
				`{"name":${JSON.stringify(name)},"metadata":${text},"roots":[]}`,
			);
		},
	},
];

export const valid = (change: object = {}) => JSON.stringify({ ...metadataOf("forged"), ...change });
const state = (change: object) => ({
	states: { notes: { outcome: "good", folders: ["/srv/notes"], ...change } },
});

/** Archives that carry the mark and are not understood. */
export const DAMAGED: Readonly<Record<string, string>> = {
	null: "null",
	"a list": "[]",
	"an empty map": "{}",
	"without states": '{"version":1,"machine":"laptop"}',
	"states that are null": valid({ states: null }),
	"no state": valid({ states: {} }),
	"a version that is text": valid({ version: "1" }),
	"version 0": valid({ version: 0 }),
	"a name that is a path": valid({ machine: "../../etc" }),
	"a time that is none": valid({ created: "yesterday" }),
	"a relative folder": valid(state({ folders: ["srv"] })),
	"a folder with ..": valid(state({ folders: ["/srv/../etc"] })),
	"all of the machine": valid(state({ folders: ["/"] })),
	"a path with NUL": valid(state({ folders: ["/srv/a\0b"] })),
	"a stored path that leads out": valid(state({ stored: { "/srv/notes": "/../etc" } })),
	"a dump that is not a map": valid(state({ dumps: [{ dump: null, stored: "/x", facts: {} }] })),
	"a dump stored nowhere": valid(state({ dumps: [{ dump: {}, stored: "x", facts: {} }] })),
	"another outcome": valid(state({ outcome: "splendid" })),
	"lists within lists": `${valid().slice(0, -1)},"later":${"[".repeat(5000)}${"]".repeat(5000)}}`,
	"folders without end": valid(state({ folders: Array.from({ length: 20_000 }, (_, one) => `/srv/${one}`) })),
	megabytes: valid(state({ reason: "x".repeat(1_100_000) })),
};

export const SAMPLES = ["null", DAMAGED["without states"] ?? "", DAMAGED["lists within lists"] ?? ""];

/** Archives that are not Holdfast's, and do not count as damaged. */
export const NEWER = valid({ version: 2, states: { "?": 1 } });

/** By engine: a repository with one good archive, to be copied. */
const templates = new Map<string, string>();

export async function withGood(hostile: Hostile): Promise<{ at: string; destination: Whole }> {
	const at = join(mkdtempSync(join(folder, `${hostile.type}-`)), "there");
	const destination = only(await openProvider(hostile.type, hostile.options(at)));
	const template = templates.get(hostile.type);
	if (template !== undefined) cpSync(template, at, { recursive: true });
	else {
		const roots = [{ path: files, exclude: [] }];
		await destination.create({ name: "good-1", roots, metadata: metadataOf("one") }, true, quiet);
		// This saves a second; and borg would notice that it is a copy.
		if (hostile.type !== "restic") return { at, destination };
		templates.set(hostile.type, `${at}-as-it-was`);
		cpSync(at, `${at}-as-it-was`, { recursive: true });
	}
	return { at, destination };
}

export const goodOnes = (archives: readonly Archive[]) =>
	archives.filter(({ metadata }) => metadata !== undefined).map(({ name }) => name);
