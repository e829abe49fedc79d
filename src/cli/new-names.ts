// `restore --as OLD=NEW`: which of an archive's databases get which new names.
import { databaseOf, dumpLabel, isServerDump, requireFreeName } from "../databases/dump.ts";
import type { HeldDatabase } from "../plan/databases.ts";
import type { RestoreAsRequest } from "../plan/restore-as.ts";
import { HoldfastError } from "../values/error.ts";
import { recordOf } from "../values/record.ts";

/** What every server takes as a name: PostgreSQL keeps 63 bytes of one, MariaDB 64 characters. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_$.-]{0,62}$/;

/** `words`: as typed, `OLD=NEW`. `held`: the databases of the archive, by state. */
export async function namedAnew(
	words: readonly string[],
	held: Readonly<Record<string, readonly HeldDatabase[]>>,
): Promise<RestoreAsRequest["databases"]> {
	const wanted = words.map((word) => pairIn(word));
	const twice = wanted.find(
		(one, index) => wanted.findIndex(({ old, into }) => old === one.old || into === one.into) !== index,
	);
	if (twice) throw new HoldfastError("usage", `--as names ${twice.old} or ${twice.into} twice`);
	const all = Object.entries(held).flatMap(([state, some]) => some.map((one) => ({ state, one })));
	const found = wanted.map(({ old, into }) => {
		const named = all.filter(({ one }) => databaseOf(one.dump) === old);
		const [match] = named;
		if (!match)
			throw notThere(
				old,
				all.map(({ one }) => one).filter(({ dump }) => isServerDump(dump)),
			);
		if (named.length > 1)
			throw new HoldfastError("usage", `several states of the archive have a database ${old}`, {
				subject: old,
				hint: `add one of: ${named.map(({ state }) => `--service ${state}`).join(", ")}`,
			});
		return { ...match, into };
	});
	for (const { one, into } of found) {
		if (!isServerDump(one.dump))
			throw new HoldfastError(
				"not-supported",
				`the ${dumpLabel(one.dump)} is not in a server with several databases, so it cannot get a new name`,
				{
					subject: databaseOf(one.dump),
					hint: "get it as a file with: --into FOLDER",
				},
			);
		await requireFreeName(one.dump, into);
	}
	return recordOf(
		[...new Set(found.map(({ state }) => state))].map((state) => [
			state,
			found.filter((one) => one.state === state).map(({ one, into }) => ({ ...one, into })),
		]),
	);
}

function pairIn(word: string): { readonly old: string; readonly into: string } {
	const [, old = "", into = ""] = /^(.+)=([^=]*)$/.exec(word) ?? [];
	if (old === "")
		throw new HoldfastError("usage", `--as takes OLD=NEW, not ${JSON.stringify(word)}`, {
			hint: "for example: --as notes=notes_test",
		});
	if (!NAME.test(into) || into.toLowerCase().startsWith("holdfast_"))
		throw new HoldfastError("usage", `${JSON.stringify(into)} cannot be the name of the new database`, {
			subject: into,
			hint: "use up to 63 letters, digits and underscores, and do not begin with holdfast_",
		});
	return { old, into };
}

function notThere(old: string, others: readonly HeldDatabase[]): HoldfastError {
	return new HoldfastError(
		"database-not-found",
		`there is no database ${old} in the archive, or not in the states that were named`,
		{
			subject: old,
			hint:
				others.length > 0
					? `it holds: ${others.map(({ dump }) => databaseOf(dump)).join(", ")}`
					: "there is no database of a server in these states; see: holdfast archives show",
		},
	);
}
