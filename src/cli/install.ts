// The hidden `holdfast __install FOLDER` and `__uninstall RECORD`: a deploy's half on the machine itself.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../config/load.ts";
import { EXIT, HoldfastError } from "../manifest/error.ts";
import type { Manifest } from "../manifest/schema.ts";
import { type Deployment, planInstall, planUninstall } from "../plan/install.ts";
import { newRunId } from "../run/run-id.ts";
import { guard } from "./flags.ts";
import { operate } from "./operate.ts";
import { interruptible } from "./signals.ts";

export async function install(words: readonly string[]): Promise<void> {
	const [command, at = ""] = words;
	const flags = { json: words.includes("--json"), quiet: false, debug: false };
	await guard(flags, async () => {
		const run = newRunId();
		if (command === "__uninstall") {
			const installed = recordIn(at);
			if (!installed) return EXIT.done;
			return operate(
				planUninstall({ run, manifest: await manifestIn(installed.manifest) }, installed),
				flags,
				interruptible(),
			);
		}
		const deployment = recordIn(join(at, "deployment.json"));
		if (!deployment) throw new HoldfastError("usage", `there is no deployment in ${at}`);
		const own = deployment.files.find(({ path }) => path === deployment.manifest);
		const manifest = await manifestIn(own?.from === undefined ? deployment.manifest : join(at, own.from));
		const before = recordIn(deployment.installed);
		return operate(planInstall({ run, manifest, before }, deployment, at), flags, interruptible());
	});
}

function recordIn(file: string): Deployment | undefined {
	return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Deployment) : undefined;
}

async function manifestIn(file: string): Promise<Manifest> {
	const [manifest] = (await loadConfig(file)).machines.values();
	if (!manifest) throw new HoldfastError("usage", `there is no manifest in ${file}`);
	return manifest;
}
