// The systemd services of this machine.
import { execText } from "./exec.ts";

export interface HostService {
	/** With its suffix. */
	readonly unit: string;
	/** Names below /var/lib. */
	readonly stateDirectory: readonly string[];
}

/** Services that are running or enabled, without systemd's own. Empty without systemd. */
export async function hostServices(): Promise<HostService[]> {
	const lists = await Promise.all([
		execText(["systemctl", "list-units", "--type=service", "--state=active", "--plain", "--no-legend"]),
		execText(["systemctl", "list-unit-files", "--type=service", "--state=enabled", "--no-legend"]),
	]);
	const named = lists.flatMap(({ text }) =>
		text.split("\n").map((line) => line.trim().split(/\s+/)[0] ?? ""),
	);
	const units = [...new Set(named)].filter(
		(unit) => unit.endsWith(".service") && !unit.endsWith("@.service") && !unit.startsWith("systemd-"),
	);
	if (units.length === 0) return [];
	const shown = await execText(["systemctl", "show", "--property=Id,StateDirectory", "--", ...units]);
	// One block of properties for each service, separated by empty lines.
	return shown.text
		.split("\n\n")
		.map((block) => new Map(block.split("\n").map((line) => line.split("=", 2) as [string, string])))
		.map((properties) => ({
			unit: properties.get("Id") ?? "",
			stateDirectory: (properties.get("StateDirectory") ?? "").split(" ").filter((name) => name !== ""),
		}))
		.filter(({ unit }) => unit !== "")
		.sort((one, other) => one.unit.localeCompare(other.unit));
}
