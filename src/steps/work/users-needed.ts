// The users as whom hooks and health checks run: one that does not exist would fail the restore after the swap.
import { dynamicUsers } from "../../host/dynamic-users.ts";
import { account } from "../../host/users.ts";
import { inOneLine } from "../../values/error.ts";
import type { PreflightStep } from "../preflight.ts";

/** `warnings`: a hook that runs before may create the user. */
export async function lackOfUsers({
	users = [],
	units,
	hooked = false,
}: Pick<PreflightStep, "users" | "units" | "hooked">): Promise<{ problems: string[]; warnings: string[] }> {
	const all = await Promise.all(
		users.map(async (one) => {
			const fault = await account(one.user).then(() => undefined, inOneLine);
			return fault === undefined ? [] : [{ ...one, line: `${one.of}: ${fault}` }];
		}),
	);
	const faults = all.flat();
	if (faults.length === 0) return { problems: [], warnings: [] };
	// They exist while the service runs.
	const dynamic = await dynamicUsers(units.filter(({ user }) => user === undefined).map(({ unit }) => unit));
	const lacking = faults.filter(({ when, user }) => !(when === "up" && dynamic.has(user)));
	const mayCome = ({ when }: (typeof lacking)[number]) => hooked && when !== "first";
	return {
		problems: lacking.filter((one) => !mayCome(one)).map(({ line }) => line),
		warnings: lacking.filter(mayCome).map(({ line }) => `${line}, unless the hook preRestore creates it`),
	};
}
