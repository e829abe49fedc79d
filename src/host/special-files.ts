// Removes what an archive must not grant: device nodes, setuid and setgid bits, and file capabilities. Folders that are
// declared to contain them keep them; elsewhere they are left out and reported.
import type { Enclosure } from "./enclosure.ts";
import { exec, execOk } from "./exec.ts";
import { recordReader } from "./lines.ts";
import { programPath } from "./programs.ts";

/** A folder, by its path inside an enclosure if there is one. */
interface Inside {
	readonly path: string;
	readonly enclosure: Enclosure | undefined;
}

const MAX_NAMED = 5;

/** Returns lines that say what was left out of the folder; empty if nothing was. */
export async function leaveOutSpecialFiles({ path: cwd, enclosure }: Inside): Promise<string[]> {
	const devices = found();
	const privileged = found();
	const reader = recordReader((record) => (record[0] === "d" ? devices : privileged).add(record.slice(1)), 0);
	const find = ["find", ".", "-xdev"];
	const isDevice = ["(", "-type", "b", "-o", "-type", "c", ")"];
	const isPrivileged = ["-type", "f", "-perm", "/6000"];
	// chown(2) removes both bits and capabilities even if it changes no owner.
	const takeAway = ["-exec", "chown", "--no-dereference", ":", "--", "{}", "+"];
	const doing = "look for device nodes and setuid files";
	await execOk(
		[
			...find,
			...isDevice,
			"-printf",
			"d/%P\\0",
			"-delete",
			"-o",
			...isPrivileged,
			"-printf",
			"s/%P\\0",
			...takeAway,
		],
		{ cwd, enclosure, reader, doing },
	);
	const getcap = programPath("getcap");
	if (getcap !== undefined)
		await exec([getcap, "-r", "."], {
			cwd,
			enclosure,
			reader: recordReader((line) =>
				privileged.add(`/${line.replace(/^\.\//, "").replace(/ (= )?\S+$/, "")}`),
			),
		});
	if (getcap === undefined || privileged.count() > 0)
		await execOk([...find, "-type", "f", ...takeAway], { cwd, enclosure, doing });
	return [
		...devices.say("skipped device nodes"),
		...privileged.say("removed setuid and setgid bits and file capabilities"),
	];
}

function found() {
	const names: string[] = [];
	let count = 0;
	return {
		add(name: string) {
			count += 1;
			if (names.length < MAX_NAMED) names.push(name);
		},
		count: () => count,
		say(what: string) {
			if (count === 0) return [];
			const more = count > names.length ? `, and ${count - names.length} more` : "";
			return [`${what}: ${names.join(", ")}${more}`];
		},
	};
}
