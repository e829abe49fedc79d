// A dump as pg_restore may read it: what an archive holds is a stranger's, so the program that reads it runs as nobody,
// with no right of ours. It is handed this one file, open; the folders that lead to it stay closed.
import { type FileHandle, rm, writeFile } from "node:fs/promises";
import { execText, type Identity } from "../../host/exec.ts";
import { openForAnyone } from "../../host/handed-file.ts";
import { stranger } from "../../host/users.ts";
import { HoldfastError } from "../../values/error.ts";
import { type Client, fault } from "../client.ts";
import { plainEnvironment } from "./temporary.ts";
import { type Entry, entriesIn, statementsIn, type Token } from "./toc.ts";

/** Bytes of a list of a database's things, or of the statements about them: of what this machine wrote, and of anybody's. */
const MOST_BYTES = { known: 64 * 1024 * 1024, unknown: 16 * 1024 * 1024 } as const;
/** Bytes of all comments of a database, which are most of that. */
export const MOST_COMMENTS = 16 * 1024 * 1024;

export interface DumpFile {
	/** What a program is handed, and what it calls these: the dump, and a list of entries where one is given. */
	handed(
		entries?: readonly Entry[],
	): Promise<{ readonly files: readonly number[]; readonly words: readonly string[] }>;
	/** Undefined when we are not root: then programs run as ourselves. */
	readonly reader: Identity | undefined;
	/** Its table of contents. */
	entries(): Promise<Entry[]>;
	/** What pg_restore writes of these, which must be statements without a body. */
	statements(entries: readonly Entry[], ...options: string[]): Promise<Token[][]>;
	/** What it writes of the whole dump but its rows, as it is. */
	schemaText(): Promise<string>;
}

/** `file` is in a folder that only we can reach; it is known where this machine wrote it, or somebody has agreed to it. */
export async function withDumpFile<T>(
	client: Client,
	file: string,
	use: (dump: DumpFile) => Promise<T>,
	isKnown = false,
): Promise<T> {
	const reader = await stranger();
	const lists: string[] = [];
	const handles: FileHandle[] = [];
	try {
		const dump = await openForAnyone(file);
		handles.push(dump);
		const handed: DumpFile["handed"] = async (entries) => {
			if (!entries) return { files: [dump.fd], words: ["/dev/fd/4"] };
			const path = `${file}.list${lists.length}`;
			lists.push(path);
			await writeFile(path, entries.map(({ id }) => `${id};\n`).join(""), { flag: "wx" });
			const list = await openForAnyone(path);
			handles.push(list);
			return { files: [dump.fd, list.fd], words: ["--use-list=/dev/fd/5", "/dev/fd/4"] };
		};
		const read = async (options: readonly string[], entries?: readonly Entry[]) => {
			const { files, words } = await handed(entries);
			const result = await execText(["pg_restore", ...options, ...words], {
				...{ env: plainEnvironment(), files, mostBytes: isKnown ? MOST_BYTES.known : MOST_BYTES.unknown },
				...(reader === undefined ? {} : { user: reader }),
			});
			if (result.code !== 0) throw fault(client, `read the dump ${file}`, result);
			return result.text;
		};
		return await use({
			...{ reader, handed },
			entries: async () => entriesIn(await read(["--list"])),
			async statements(entries, ...options) {
				if (entries.length === 0) return [];
				const found = statementsIn(await read([...options, "--file=-"], entries));
				// What every script begins with is not of these.
				if (found) return found.filter((tokens) => !isPreamble(tokens));
				throw new HoldfastError("archive-damaged", `the dump ${file} has a form that is not understood`, {
					details: entries.slice(0, 3).map(({ words }) => words),
					hint: "the archive is damaged, or somebody changed it; restore --into a folder to look at it",
				});
			},
			schemaText: () => read(["--schema-only", "--no-privileges", "--file=-"]),
		});
	} finally {
		for (const handle of handles) await handle.close();
		for (const path of lists) await rm(path, { force: true });
	}
}

function isPreamble(tokens: readonly Token[]): boolean {
	const [first, second] = tokens;
	if (!first || !("word" in first)) return false;
	if (first.word === "SELECT") return true;
	return first.word === "SET" && !(second && "word" in second && second.word === "SESSION");
}
