// A plan that another machine showed here and that was agreed to here: what then runs there is that plan and no other, even if
// another archive is the latest one by then.
import { sha256 } from "../host/digest.ts";
import type { Manifest } from "../manifest/schema.ts";
import type { ArchiveSource } from "../steps/fields.ts";
import type { Plan } from "../steps/plan.ts";
import { HoldfastError } from "../values/error.ts";
import { runInName } from "../values/run-in-name.ts";
import type { Named } from "./archive-words.ts";
import type { Agreement } from "./command.ts";
import { valueFlag } from "./flags.ts";

/** The flags of a call from another machine. */
export const agreedPlanFlag = {
	...valueFlag("for a call from another machine: the digest of the plan that was shown there", "DIGEST"),
	hidden: true,
} as const;
export const agreedArchiveFlag = {
	...valueFlag("for a call from another machine: the archive that was shown there", "ARCHIVE"),
	hidden: true,
} as const;

/** Shows the plan. `questionOf` asks about it. */
export async function planAgreement(questionOf: (plan: Plan, machine: string) => string): Promise<Agreement> {
	const { plannedSchema } = await import("../fleet/answers.ts");
	return {
		schema: plannedSchema,
		read(answer, machine) {
			const plan = answer as Plan;
			if (plan.manifest.machine !== machine)
				throw new HoldfastError("answer-invalid", `${machine} answered for another machine`, {
					subject: machine,
				});
			const source = sourceIn(plan);
			return {
				shown: { kind: "plan", plan },
				question: questionOf(plan, machine),
				words: [
					...(source === undefined ? [] : ["--agreed-archive", nameOf(source)]),
					...["--agreed-plan", digestOf(plan)],
				],
			};
		},
	};
}

/** Throws if the plan is not the one that was agreed to. Undefined: it was not shown elsewhere. */
export function requireAgreed(plan: Plan, agreed: string | undefined): void {
	if (agreed === undefined || agreed === digestOf(plan)) return;
	throw new HoldfastError(
		"not-confirmed",
		`the plan has changed on ${plan.manifest.machine} since it was shown; nothing was changed`,
		{
			hint: "another run, or somebody, changed something there meanwhile; run the command again to see the new plan",
		},
	);
}

/** The archive that was agreed to, in place of the one that the words mean by now. */
export function agreedArchive(named: Named, agreed: string | undefined, { providers }: Manifest): Named {
	const [provider = "", destination = "", ...name] = agreed?.split("/") ?? [];
	if (!Object.hasOwn(providers, provider)) return named;
	return { ...named, where: { providers: [provider], destination }, wanted: name.join("/") };
}

const nameOf = ({ provider, destination, archive }: ArchiveSource) => `${provider}/${destination}/${archive}`;

/** Of any plan that reads an archive: one that extracts has no preflight. */
function sourceIn({ steps }: Plan): ArchiveSource | undefined {
	for (const step of steps) {
		const { provider, destination, archive } = step as Partial<ArchiveSource>;
		if (provider !== undefined && destination !== undefined && archive !== undefined)
			return { provider, destination, archive };
	}
	return undefined;
}

/** Each plan has a run's id of its own, also in the names of databases, and reading it here changes the order of keys. */
const digestOf = ({ run, operation, steps }: Plan): string =>
	sha256(JSON.stringify([operation, steps], sorted).replaceAll(run, "").replaceAll(runInName(run), ""));

const sorted = (_key: string, value: unknown): unknown =>
	typeof value === "object" && value !== null && !Array.isArray(value)
		? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
		: value;
