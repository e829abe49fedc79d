// Becomes a service's user, and replaces one of their folders with a link and back, as fast as it can, until it is
// ended.
import { readdirSync, renameSync, symlinkSync, unlinkSync } from "node:fs";

const [user, kind, at, target] = process.argv.slice(2);
process.setgroups([]);
process.setgid(Number(user));
process.setuid(Number(user));
const attempt = (work) => {
	try {
		work();
	} catch {
		// Lost this race.
	}
};
process.stdout.write("flipping\n");
/** Long enough for a program to take a step or two. */
const pause = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.random() * 0.5);
/** Put a link in its place for a moment; afterwards everything is as before. */
const flip = (path) => {
	attempt(() => renameSync(path, `${path}.kept`));
	attempt(() => symlinkSync(target, path));
	pause();
	attempt(() => unlinkSync(path));
	attempt(() => renameSync(`${path}.kept`, path));
	pause();
};
for (;;) {
	if (kind === "link") flip(at);
	else {
		// Private folders that appear in one of their folders: moved away, with a link in their place.
		for (const name of readdirSync(at)) {
			if (!name.startsWith(".holdfast-") || name.endsWith(".moved")) continue;
			attempt(() => renameSync(`${at}/${name}`, `${at}/${name}.moved`));
			attempt(() => symlinkSync(target, `${at}/${name}`));
		}
	}
}
