// The systemd services of this machine.
import { execText } from "./exec.ts";

export interface HostService {
	/** With its suffix. */
	readonly unit: string;
	/** Names below /var/lib. */
	readonly stateDirectory: readonly string[];
	/** `assigned`: its Environment=, as systemctl prints it; `files`: of its EnvironmentFile=. */
	readonly environment: { readonly assigned: string; readonly files: readonly string[] };
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
	const properties = "Id,StateDirectory,Environment,EnvironmentFiles";
	const shown = await execText(["systemctl", "show", `--property=${properties}`, "--", ...units]);
	return servicesIn(shown.text);
}

/** What `systemctl show` printed: one block of properties for each service, separated by empty lines. */
export const servicesIn = (shown: string): HostService[] =>
	shown
		.split("\n\n")
		.map((block) => {
			const lines = block
				.split("\n")
				.map((line) => [line.split("=", 1)[0], line.slice(line.indexOf("=") + 1)]);
			const all = (name: string) => lines.flatMap(([key, value]) => (key === name && value ? [value] : []));
			return {
				unit: all("Id")[0] ?? "",
				stateDirectory: all("StateDirectory").flatMap((names) => names.split(" ")),
				environment: {
					assigned: all("Environment").join(" "),
					files: all("EnvironmentFiles").map((file) => file.replace(/ \(ignore_errors=\w+\)$/, "")),
				},
			};
		})
		.filter(({ unit }) => unit !== "")
		.sort((one, other) => one.unit.localeCompare(other.unit));
