// The scenarios: for each kind of plan a service, an archive of its old state, and a newer live state.

/** Run the program on the machine and return its output; throws if it fails. */
export type Holdfast = (...words: readonly string[]) => Promise<string>;

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
		name: "create from a snapshot",
		minutes: 4,
		state: {
			app: { folders: ["/btr/app"], stopOnBackup: ["app.service"], snapshot: "require" },
			extra: { folders: ["/disk/app"], stopOnBackup: ["app.service"], snapshot: "auto" },
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
