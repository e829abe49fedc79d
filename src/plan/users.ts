// As whom the hooks and health checks of a restore run, for its preflight.
import { healthCheckKind } from "../health/list.ts";
import type { State } from "../manifest/schema.ts";
import type { PreflightStep } from "../steps/preflight.ts";

/** Those with a `user`. The owner of a folder (`asOwnerOf`) is known when it is there. */
export function usersOf(
	name: string,
	{ hooks: { preRestore, postRestore }, healthChecks }: Pick<State, "hooks" | "healthChecks">,
): NonNullable<PreflightStep["users"]> {
	const all = [
		{ by: preRestore, of: `the hook preRestore of ${name}`, when: "first" as const },
		{ by: postRestore, of: `the hook postRestore of ${name}`, when: "between" as const },
		...healthChecks.map((by) => ({
			...{ by, of: `the check of ${name}, ${healthCheckKind(by).label(by)}`, when: "up" as const },
		})),
	];
	return all.flatMap(({ by, ...one }) => {
		const user = by !== undefined && "user" in by ? by.user : undefined;
		return user === undefined ? [] : [{ ...one, user }];
	});
}
