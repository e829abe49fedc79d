// The hidden `holdfast __install FOLDER` and `__uninstall RECORD`: the part of a deploy that runs on the target machine.
import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadMachines } from "../config/load.ts";
import { places } from "../host/places.ts";
import { readStored } from "../host/stored-json.ts";
import type { Manifest } from "../manifest/schema.ts";
import {
	type Deployment,
	deploymentSchema,
	keptBeside,
	planInstall,
	planUninstall,
	WRITTEN,
} from "../plan/install.ts";
import { formatIn } from "../report/formats.ts";
import { printMessage } from "../report/terminal.ts";
import { newRunId } from "../run/run-id.ts";
import { HoldfastError } from "../values/error.ts";
import { EXIT } from "../values/error-codes.ts";
import { finished } from "./command.ts";
import { operate } from "./operate.ts";
import { interruptible } from "./signals.ts";

export async function install(words: readonly string[]): Promise<number> {
	const [command, at = ""] = words;
	const flags = { ...formatIn(words), quiet: false, debug: false };
	return finished(flags, async (out) => {
		const call = { out, isReported: false };
		const run = newRunId();
		if (command === "__uninstall") {
			const installed = recordIn(at);
			if (!installed) return EXIT.done;
			return operate(
				planUninstall(
					{
						run,
						manifest: await manifestIn(installed.manifest),
						isOwn: isOwn(installed.program),
						isKept: lstatSync(keptBeside(installed.program), { throwIfNoEntry: false }) !== undefined,
						cache: places().cache,
					},
					installed,
				),
				call,
				interruptible(),
			);
		}
		const deployment = recordIn(join(at, "deployment.json"));
		if (!deployment) throw new HoldfastError("usage", `no deployment was found in ${at}`);
		const own = deployment.files.find(({ path }) => path === deployment.manifest);
		const manifest = await manifestIn(own?.from === undefined ? deployment.manifest : join(at, own.from));
		const before = recordBefore(deployment.installed);
		const request = { run, manifest, before, isOwn: isOwn(deployment.program) };
		return operate(planInstall(request, deployment, at), call, interruptible());
	});
}

/** Whether a program or link is not from a deploy. */
function isOwn(program: string): boolean {
	const found = lstatSync(program, { throwIfNoEntry: false });
	return found !== undefined && !(found.isFile() && readFileSync(program, "utf8").includes(WRITTEN));
}

function recordIn(file: string): Deployment | undefined {
	const found = readStored(file, deploymentSchema);
	if (found === undefined || "value" in found) return found?.value;
	throw new HoldfastError("failed", found.fault, {
		hint: "deploy again, with the same version of Holdfast on both machines",
	});
}

/** The record of the last deploy. Without it nothing of that deploy is removed, and the new one is installed anyway. */
function recordBefore(file: string): Deployment | undefined {
	const found = readStored(file, deploymentSchema);
	if (found && "fault" in found) {
		printMessage(`! ${found.fault}; files that only that deployment installed are not removed`);
		return undefined;
	}
	return found?.value;
}

async function manifestIn(file: string): Promise<Manifest> {
	const [manifest] = (await loadMachines(file)).values();
	if (!manifest) throw new HoldfastError("usage", `${file} does not contain a manifest`);
	return manifest;
}
