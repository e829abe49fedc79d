// The services of this machine, as its systemd knows them.
import { exec } from "./exec.ts";

export interface HostService {
	/** With its suffix. */
	readonly unit: string;
	/** Names below /var/lib. */
	readonly stateDirectory: readonly string[];
}

/** Services that run or are enabled, without systemd's own. Empty where there is no systemd. */
export async function hostServices(): Promise<HostService[]> {
	const [running, enabled] = await Promise.all([
		exec(["systemctl", "list-units", "--type=service", "--state=active", "--plain", "--no-legend"]),
		exec(["systemctl", "list-unit-files", "--type=service", "--state=enabled", "--no-legend"]),
	]);
	const units = [
		...new Set([...running.stdout, ...enabled.stdout].map((line) => line.trim().split(/\s+/)[0] ?? "")),
	].filter(
		(unit) => unit.endsWith(".service") && !unit.endsWith("@.service") && !unit.startsWith("systemd-"),
	);
	if (units.length === 0) return [];
	const shown = await exec(["systemctl", "show", "--property=Id,StateDirectory", "--", ...units]);
	const services: HostService[] = [];
	let unit = "";
	let directory = "";
	// Blocks of properties, which come in systemd's order; the next block begins with a property that was seen.
	const close = () => {
		if (unit !== "")
			services.push({ unit, stateDirectory: directory.split(" ").filter((name) => name !== "") });
		unit = "";
		directory = "";
	};
	let inBlock = new Set<string>();
	for (const line of shown.stdout) {
		const at = line.indexOf("=");
		const key = line.slice(0, at);
		if (inBlock.has(key)) {
			close();
			inBlock = new Set();
		}
		inBlock.add(key);
		if (key === "Id") unit = line.slice(at + 1);
		if (key === "StateDirectory") directory = line.slice(at + 1);
	}
	close();
	return services.sort((one, other) => one.unit.localeCompare(other.unit));
}
