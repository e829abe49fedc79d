// Give a dump to pg_restore safely. A dump in an archive is untrusted input, so pg_restore reads it as an unprivileged
// user. It is given an open file descriptor; the folders above the file stay inaccessible to it.
import { type FileHandle, rm, writeFile } from "node:fs/promises";
import { execText, type Identity } from "../../host/exec.ts";
import { openForAnyone } from "../../host/handed-file.ts";
import { stranger } from "../../host/users.ts";
import { HoldfastError } from "../../values/error.ts";
import { type Client, fault } from "../client.ts";
import { plainEnvironment } from "./temporary.ts";
import { type Entry, entriesIn, statementsIn, type Token } from "./toc.ts";

/**
 * Size limit in bytes of a list of a database's objects, or of the statements about them: for a known dump (written by
 * this machine, or agreed to by the user) and for any other.
 */
const MAX_BYTES = { known: 64 * 1024 * 1024, unknown: 16 * 1024 * 1024 } as const;
/** Size limit of all comments of a database in bytes; they usually make up most of the statements. */
export const MAX_COMMENTS = 16 * 1024 * 1024;

export interface DumpFile {
	/**
	 * Open files to pass to a program, and arguments that refer to them: the dump, and a list of entries if one is
	 * given.
	 */
	handed(
		entries?: readonly Entry[],
	): Promise<{ readonly files: readonly number[]; readonly words: readonly string[] }>;
	/** The user that reads the dump. Undefined if we are not root: then programs run as ourselves. */
	readonly reader: Identity | undefined;
	/** The dump's table of contents. */
	entries(): Promise<Entry[]>;
	/** What pg_restore writes for these entries. They must produce only statements without a body. */
	statements(entries: readonly Entry[], ...options: string[]): Promise<Token[][]>;
	/** What pg_restore writes for these entries, without owners and rights. */
	text(entries: readonly Entry[]): Promise<string>;
	/** The entire output of pg_restore except for the rows. */
	schemaText(): Promise<string>;
}

/**
 * `file` must be in a folder that only we can access. `isKnown`: this machine wrote it, or the user agreed to its
 * content.
 */
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
				...{ env: plainEnvironment(), files, mostBytes: isKnown ? MAX_BYTES.known : MAX_BYTES.unknown },
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
				// Leave out the preamble of every script.
				if (found) return found.filter((tokens) => !isPreamble(tokens));
				throw new HoldfastError("archive-damaged", `the dump ${file} cannot be parsed`, {
					details: entries.slice(0, 3).map(({ words }) => words),
					hint: "the archive is damaged or was modified; to inspect it, restore it to a folder with --into",
				});
			},
			text: (entries) => read(["--no-owner", "--no-privileges", "--file=-"], entries),
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
