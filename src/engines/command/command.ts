// Any engine through three scripts: Clan's provider interface. `create` makes an archive, `list` prints them,
// `restore` gets NAME and FOLDERS and puts the folders back in their places.
import { cleanEnvironment, describeEnd, exec, execText } from "../../host/exec.ts";
import { HoldfastError } from "../../values/error.ts";
import type { Exclusion } from "../../values/exclusion.ts";
import type { ArchiveRequest, CreateResult, Destination, Work } from "../destination.ts";
import { glob, literally } from "../exclude.ts";
import { readList } from "./names.ts";
import type { CommandOptions } from "./schema.ts";

export function commandDestinations(name: string, options: CommandOptions): Destination[] {
	const run = async (
		verb: "create" | "list" | "restore",
		env: Record<string, string>,
		work: Work,
	): Promise<string> => {
		const words = ["bash", "-euo", "pipefail", "-c", options[verb], `${name}-${verb}`];
		const call = {
			env: { ...cleanEnvironment(), ...env },
			signal: work.signal,
			onStderr: (line: string) => work.log(line),
		};
		const result =
			verb === "list"
				? await execText(words, call)
				: { ...(await exec(words, { ...call, onStdout: work.log })), text: "" };
		work.signal.throwIfAborted();
		if (result.code === 0) return result.text;
		throw new HoldfastError(
			"program-failed",
			`the ${verb} command of provider "${name}" ${describeEnd(result)}`,
			{ subject: name, details: result.stderr },
		);
	};
	return [
		{
			name,
			location: "command",
			takesStreams: false,
			readsLive: true,
			detectsDamage: false,
			create: async (request, _mayInit, work) => create(request, run, work),
			list: async (work) => readList(name, await run("list", {}, work)),
			restoreInPlace: async (archive, paths, work) => {
				await run("restore", { NAME: archive, FOLDERS: joinFolders(paths) }, work);
			},
		},
	];
}

async function create(
	request: ArchiveRequest,
	run: (verb: "create", env: Record<string, string>, work: Work) => Promise<string>,
	work: Work,
): Promise<CreateResult> {
	const folders = joinFolders(request.roots.map((root) => root.path));
	const exclude = request.roots.flatMap((root) => root.exclude.map((one) => lineOf(root.path, one)));
	const env = { HOLDFAST_ARCHIVE: request.name, FOLDERS: folders, HOLDFAST_EXCLUDE: exclude.join("\n") };
	await run("create", env, work);
	return { unreadable: [], unsteady: [] };
}

/** An absolute pattern in the syntax of docs/reference/patterns.md. */
function lineOf(path: string, exclusion: Exclusion): string {
	const line = [literally(path), ...exclusion.map((part) => (part === "**" ? part : glob(part)))].join("/");
	if (!line.includes("\n")) return line;
	throw new HoldfastError("failed", `a command provider cannot exclude this from ${path}`, {
		hint: "patterns are passed one per line, but a name in this one contains a line break; use another provider for this state",
	});
}

/** As in Clan, one string joined with ":", so folders with ":" in their names are not supported. */
function joinFolders(paths: readonly string[]): string {
	const odd = paths.find((path) => path.includes(":"));
	if (odd !== undefined)
		throw new HoldfastError("failed", `a command provider cannot store the folder ${odd}`, {
			hint: "folder names are joined with ':'; use another provider for this state",
		});
	return paths.join(":");
}
