// Users that exist only while their service runs: DynamicUser= of systemd.exec(5).
import { execText } from "./exec.ts";

/** Those of these units of the system; none if systemd does not answer. */
export async function dynamicUsers(units: readonly string[]): Promise<ReadonlySet<string>> {
	if (units.length === 0) return new Set();
	const { text } = await execText([
		"systemctl",
		"show",
		"--property=Id,User,DynamicUser",
		"--",
		...units,
	]).catch(() => ({ text: "" }));
	return new Set(
		text.split("\n\n").flatMap((block) => {
			const textOf = (key: string) => new RegExp(`^${key}=(.*)$`, "m").exec(block)?.[1];
			// Without a name of its own, it has the unit's.
			return textOf("DynamicUser") === "yes"
				? [textOf("User") || (textOf("Id") ?? "").replace(/\.service$/, "")]
				: [];
		}),
	);
}
