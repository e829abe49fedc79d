// The archives of a repository. Their names are in borg's manifest; their metadata is in their comments, each of which is read
// only once.

import * as v from "valibot";
import { listReader } from "../../host/json-list.ts";
import { wordsOf } from "../../values/system-error.ts";
import type { Archive } from "../archive.ts";
import { oldestFirst } from "../archive-time.ts";
import type { Work } from "../destination.ts";
import type { Described } from "../metadata.ts";
import { inUtc, notUnderstood, understood, when } from "../output.ts";
import { borg, isBorgName } from "./borg.ts";
import { type Comment, isAnyKnown, keep, kept, known, readComment } from "./comments.ts";
import { BorgFault } from "./faults.ts";
import type { BorgDestination } from "./schema.ts";

/** How many deleted archives the cache may hold in addition to the existing ones. */
const FORGOTTEN = 100;
/** How many archives to query one by one if borg cannot read one of them. */
const MAX_SINGLY = 200;

const listedSchema = v.object({
	id: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
	name: v.string(),
	/** borg 1 prints no offset; it was told to use UTC. */
	start: v.pipe(v.string(), v.transform(inUtc), when),
	comment: v.optional(v.string(), ""),
});
type Listed = v.InferOutput<typeof listedSchema>;

interface Said {
	/** Without those whose entries are too long. */
	readonly archives: readonly Listed[];
	readonly tooLong: number;
}

export async function list(destination: BorgDestination, work: Work): Promise<Archive[]> {
	const { repo } = destination;
	const faults = new Map<string, string>();
	let said: Said = { archives: [], tooLong: 0 };
	let comments: ReadonlyMap<string, Comment> = new Map();
	const isUnknown = ({ id }: Listed) => !comments.has(id);
	if (isAnyKnown(repo)) [said, comments] = await Promise.all([ask(destination, [], work), known(repo)]);
	if (!isAnyKnown(repo) || said.archives.some(isUnknown))
		[said, comments] = await askComments(destination, comments, faults, work);
	// Each create adds one, and pruned archives stay in the cache.
	const present = new Set(said.archives.map(({ id }) => id));
	if (comments.size > 2 * present.size + FORGOTTEN)
		await keep(repo, new Map([...comments].filter(([id]) => present.has(id))));
	const whole = said.archives.filter(({ name }) => !/\.checkpoint(\.\d+)?$/.test(name));
	const describe = ({ id, name }: Listed): Described & { readonly name: string } => {
		if (!isBorgName(name)) return { name: name.slice(0, 40), ...UNNAMED };
		const fault = faults.get(id);
		return fault === undefined
			? { name, ...readComment(comments.get(id) ?? null) }
			: { name, damaged: `borg cannot read it: ${fault}` };
	};
	return oldestFirst([
		...Array.from({ length: said.tooLong }, () => ({ name: "?", ...UNNAMED })),
		...whole.map((one) => ({ ...describe(one), created: new Date(one.start).toISOString() })),
	]);
}

const UNNAMED = { damaged: "borg does not accept its name" };

async function ask(destination: BorgDestination, format: readonly string[], work: Work): Promise<Said> {
	let archives: Listed[] = [];
	let tooLong = 0;
	let list: ReturnType<typeof listReader> | undefined;
	const reader = () => {
		// After a lost connection borg is run again and starts from the beginning.
		[archives, tooLong] = [[], 0];
		list = listReader(
			(text) => archives.push(understood(listedSchema, text, "borg list")),
			() => {
				tooLong += 1;
			},
		);
		return list;
	};
	const words = ["--json", ...format, destination.repo];
	await borg(destination, "list", words, work, { reads: true, asks: true, reader });
	// No output must not count as an empty list: every archive would be hidden, and prune would decide without them.
	if (!list?.hasList()) throw notUnderstood("borg list", "it contains no list of archives");
	return { archives, tooLong };
}

/** All archives with their comments; `faults` gets those that borg cannot read, by id. */
async function askComments(
	destination: BorgDestination,
	before: ReadonlyMap<string, Comment>,
	faults: Map<string, string>,
	work: Work,
): Promise<[Said, ReadonlyMap<string, Comment>]> {
	const comments = new Map<string, Comment>();
	let said: Said;
	try {
		said = await ask(destination, ["--format={comment}"], work);
		for (const { id, comment } of said.archives) comments.set(id, kept(comment));
		// An entry that is too long is the one missing here: without its comment it is short enough.
		if (said.tooLong > 0) said = await ask(destination, [], work);
		for (const { id } of said.archives) if (!comments.has(id)) comments.set(id, null);
	} catch (error) {
		if (!(error instanceof BorgFault)) throw error;
		// An archive whose metadata block is missing makes the entire listing fail. Listing only names may still work.
		said = await ask(destination, [], work);
		for (const [id, comment] of before) comments.set(id, comment);
		await askSingly(destination, said.archives, comments, faults, work);
	}
	await keep(destination.repo, comments);
	return [said, comments];
}

async function askSingly(
	destination: BorgDestination,
	archives: readonly Listed[],
	comments: Map<string, Comment>,
	faults: Map<string, string>,
	work: Work,
): Promise<void> {
	const unknown = archives.filter(({ id, name }) => !comments.has(id) && isBorgName(name)).reverse();
	for (const { id } of unknown.slice(MAX_SINGLY))
		faults.set(id, "not read, because another archive could not be read");
	for (const { id, name } of unknown.slice(0, MAX_SINGLY)) {
		// borg info would read all archives for its cache.
		const only = `--glob-archives=${name.replace(/[*?[]/g, "[$&]")}`;
		try {
			const said = await ask(destination, ["--format={comment}", only], work);
			const found = said.archives.find((one) => one.id === id);
			comments.set(id, found ? kept(found.comment) : null);
		} catch (error) {
			work.signal.throwIfAborted();
			const [said = ""] = error instanceof BorgFault ? error.details : [];
			faults.set(id, (said || wordsOf(error)).slice(0, 200));
		}
	}
}
