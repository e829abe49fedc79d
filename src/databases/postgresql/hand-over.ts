// After a load, the loader owns everything. Give it to its owners, with its rights and settings.
import { HoldfastError } from "../../values/error.ts";
import { ordinarySettings } from "./accounts.ts";
import { type Belongings, ownerStatements } from "./belongings.ts";
import type { DumpFile } from "./dump-file.ts";
import { propertiesOfUnknown } from "./grantees.ts";
import type { Loading } from "./loading.ts";
import { identifier, literal } from "./names.ts";
import { ordinaryOwners, requireOrdinaryOwners } from "./owners.ts";
import { foreignRights, nameAt, ownership } from "./rights.ts";
import { settingName } from "./settings.ts";
import { statementsIn, type Token } from "./toc.ts";

/** The statements that give everything from the loader to its owners. */
export async function ownersOf(
	{ ask, live, fresh, trusted, facts }: Loading,
	dump: DumpFile,
	role: string,
	belongings: Belongings | undefined,
	dumped: ReadonlySet<string>,
	publicOwner: string | undefined,
): Promise<string[]> {
	const most = belongings?.owner ?? facts.owner;
	const old = belongings ? [] : await oldOwners(dump, most);
	const others = belongings ? Object.keys(belongings.others) : old.map(({ owner }) => owner);
	if (!trusted) await requireOrdinaryOwners(ask, live, fresh, [most, facts.owner, ...others]);
	const said = belongings?.publicOwner ?? publicOwner ?? most;
	const isTheirs = trusted || (await ordinaryOwners(ask, live, fresh, [said])).has(said);
	const ofPublic = isTheirs ? said : publicOwner;
	return [
		...(belongings
			? await ownerStatements(ask, fresh, belongings, dumped)
			: old.map(({ statement }) => statement)),
		...(publicOwner === undefined ? [] : [`ALTER SCHEMA public OWNER TO ${identifier(publicOwner)}`]),
		// That role may not exist on another server.
		...(publicOwner === undefined || ofPublic === undefined || ofPublic === publicOwner
			? []
			: [
					`DO ${literal(`BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = ${literal(ofPublic)}) THEN EXECUTE format('ALTER SCHEMA public OWNER TO %I', ${literal(ofPublic)}); END IF; END`)}`,
				]),
		`REASSIGN OWNED BY ${identifier(role)} TO ${identifier(most)}`,
	];
}

/**
 * Owners from a dump of 0.1.0: one line per object. A function's body may contain such a line too, but an archive that
 * can do that could just as well contain the statement itself.
 */
async function oldOwners(dump: DumpFile, most: string) {
	return (await dump.schemaText())
		.split("\n")
		.filter((line) => line.startsWith("ALTER ") && line.includes(" OWNER TO "))
		.flatMap((line) => (statementsIn(line) ?? []).flatMap((tokens) => ownership(tokens) ?? []))
		.filter(({ owner }) => owner !== most);
}

/** The roles in ALTER DEFAULT PRIVILEGES FOR ROLE, whose future objects are affected. */
export function makersIn(statements: readonly Token[][]): string[] {
	return statements.flatMap((tokens) => {
		if (nameAt(tokens, 1) !== "DEFAULT") return [];
		const end = tokens.findIndex((token) => "word" in token && /^(IN|GRANT|REVOKE)$/.test(token.word));
		return tokens.slice(5, end).flatMap((_, index) => nameAt(tokens, index + 5) ?? []);
	});
}

/**
 * For an untrusted dump: run the statements, then check that no object of the server or an extension has a new owner or
 * new rights.
 */
export async function giveWithin(
	{ ask, live, fresh }: Loading,
	statements: readonly string[],
	makers: readonly string[],
): Promise<void> {
	await requireOrdinaryOwners(ask, live, fresh, makers);
	const before = await foreignRights(ask, fresh);
	await ask(statements, `assign the objects in ${fresh} to their owners`, fresh);
	if (before === (await foreignRights(ask, fresh))) return;
	throw new HoldfastError(
		"archive-not-trusted",
		`the dump of ${live} grants privileges on objects that belong to the server or an extension`,
		{
			hint: "this archive was not written by this machine, or was modified since; if you trust its contents, restore it with --trust-archive",
		},
	);
}

/** The properties to apply. For an untrusted dump, only settings that any session could change as well. */
export async function givenProperties({ ask, live, facts: all, trusted }: Loading) {
	if (trusted) return { properties: all, warnings: [] };
	const { properties: facts, warnings } = await propertiesOfUnknown(ask, live, all);
	if (!facts.settings) return { properties: facts, warnings };
	const ordinary = await ordinarySettings(ask);
	const isOrdinary = (setting: string) => ordinary.has(settingName(setting).toLowerCase());
	return {
		properties: { ...facts, settings: facts.settings.filter(({ setting }) => isOrdinary(setting)) },
		warnings: [
			...warnings,
			...facts.settings
				.filter(({ setting }) => !isOrdinary(setting))
				.map(
					({ setting }) =>
						`the setting ${settingName(setting)} of the database was not restored, because only a superuser may set it and this machine did not write the archive`,
				),
		],
	};
}
