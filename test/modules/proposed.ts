// A machine with one application, and what `holdfast init` makes of its settings.
import { machinesIn } from "../../src/config/load.ts";
import { firstConfig } from "../../src/config/write.ts";
import { readYaml } from "../../src/config/yaml.ts";
import { propose } from "../../src/modules/propose.ts";

interface Machine {
	/** Files by path; null if one cannot be read. */
	readonly files?: Readonly<Record<string, string | null>>;
	readonly folders?: readonly string[];
	readonly unit?: string;
	readonly environment?: { readonly assigned: string; readonly files: readonly string[] };
	readonly nixos?: boolean;
	/** Of each file with settings, and of these paths: root, unless they are here. */
	readonly owners?: Readonly<Record<string, number>>;
}

/** What init makes of the only application there. */
export async function proposed({
	files = {},
	folders = [],
	unit,
	environment,
	nixos = false,
	owners = {},
}: Machine) {
	const proposal = propose({
		units: unit === undefined ? [] : [{ unit, stateDirectory: [], ...(environment ? { environment } : {}) }],
		has: (path) => folders.includes(path) || path in files,
		read: (path) => {
			const text = files[path];
			return text === undefined
				? undefined
				: text === null
					? { fault: "it is a link" }
					: { text, owner: owners[path] ?? 0 };
		},
		owner: (path) => owners[path] ?? 0,
		nixos,
	});
	const text = firstConfig({
		...{ machine: "web01", nixos, proposal },
		folders: { states: [], optional: { name: "", about: "", folders: [] } },
		providers: ["tar: { destinations: { disk: { path: /mnt/archives } } }"],
	});
	const [machine] = await machinesIn(readYaml({ file: "config", text }), "config");
	const [{ told, options } = { told: undefined, options: undefined }] = proposal.modules;
	return { text, told, options, state: machine?.state ?? {} };
}

export const PHP = "/var/www/nextcloud/config/config.php";
export const nextcloud = (lines: string, ...folders: string[]) =>
	proposed({
		files: { [PHP]: `<?php\n$CONFIG = array (\n  ${lines}\n);\n` },
		folders: ["/var/www/nextcloud", ...folders],
	});
