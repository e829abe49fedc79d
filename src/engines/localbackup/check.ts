// Checks the snapshots on a disk.
import { describeEnd, exec } from "../../host/exec.ts";
import { closing, enter, findBelow, openFolder } from "../../host/folder.ts";
import type { Problem } from "../archive.ts";
import type { Work } from "../destination.ts";
import { damageIn } from "../metadata.ts";
import { isAsDescribed, snapshotsIn } from "./snapshots.ts";
import { verifier } from "./verify.ts";

/** In a snapshot without a list of digests, which earlier versions did not write, `full` finds only what the disk cannot read. */
export async function check(directory: string, full: boolean, work: Work): Promise<Problem[]> {
	const problems: Problem[] = [];
	using files = verifier(full, work);
	for (const { folder, about, archive } of await snapshotsIn(directory)) {
		work.signal.throwIfAborted();
		problems.push(...damageIn([archive]));
		if (about === undefined) continue;
		const { name, metadata, roots } = about;
		using open = openFolder(folder);
		for (const path of roots)
			if (!findBelow(open, `${metadata.machine}${path}`))
				problems.push({ archive: name, message: `${path} does not exist` });
		if (!isAsDescribed(open))
			problems.push({ archive: name, message: "what describes it was changed since it was written" });
		if (about.files !== undefined) {
			const machine = findBelow(open, metadata.machine)?.isDirectory()
				? enter(open, metadata.machine)
				: undefined;
			if (machine)
				await closing(machine, () =>
					files.verify(open, machine, about.files ?? "", (message) =>
						problems.push({ archive: name, message }),
					),
				);
			continue;
		}
		if (!full) continue;
		const end = await exec(["tar", "--create", "--file=-", "."], {
			cwd: open.self,
			signal: work.signal,
			reader: { push: () => {} },
			onStderr: (line) => {
				if (isUnread(line)) problems.push({ archive: name, message: line });
			},
		});
		if (end.code !== 0 && end.code !== 1 && !problems.some((one) => one.archive === name))
			problems.push({ archive: name, message: `cannot be read: tar ${describeEnd(end)}` });
	}
	return problems;
}

/** tar's message about a file that it could not read completely. It ends with its reason, and a name in it has no line breaks. */
const isUnread = (line: string) =>
	/^tar: .*: (?:Cannot [^:]+|Read error at byte \d+, while reading \d+ bytes): [A-Z][^:]+$/.test(line);
