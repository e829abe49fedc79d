// Units that the system's message bus starts when one of their names is requested (dbus-daemon(1), "Message bus activation").
// systemd reports this only in the unit files.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename, join } from "node:path";

const FOLDERS = ["/usr/share/dbus-1/system-services", "/usr/local/share/dbus-1/system-services"];

/** The names that start this unit. */
export function busNamesOf(unit: string): string[] {
	return FOLDERS.flatMap((folder) =>
		orNone(() => readdirSync(folder)).map((name) => join(folder, name)),
	).flatMap((file) => {
		const [text = ""] = orNone(() => [readFileSync(file, "utf8")]);
		const entry = (key: string) => new RegExp(`^${key}=(.*)$`, "m").exec(text)?.[1]?.trim();
		const starts = entry("SystemdService");
		const name = entry("Name");
		if (starts === undefined || name === undefined) return [];
		return starts === unit || aliasOf(starts) === unit ? [name] : [];
	});
}

/** The alias of such a unit once it is enabled: `dbus-org.example.App.service`. */
function aliasOf(unit: string): string | undefined {
	const [target] = orNone(() => [readlinkSync(join("/etc/systemd/system", unit))]);
	return target === undefined ? undefined : basename(target);
}

function orNone<T>(work: () => T[]): T[] {
	try {
		return work();
	} catch {
		return [];
	}
}
