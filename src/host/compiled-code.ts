// What V8 has compiled of a bundle, kept on disk for the next run of the same command (decision 15).
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { places } from "./places.ts";

export interface CompiledCode {
	readonly file: string;
	/** The bundle that it belongs to. */
	readonly key: string;
	/** Undefined if there is none, or none that is intact and of this very bundle. */
	readonly code: Buffer | undefined;
}

/** The code for a command; undefined for a word that cannot be a command, and for what is not ours to read or replace. */
export function compiledCode(bundle: string, command: string): CompiledCode | undefined {
	if (!/^[a-z_-]{1,24}$/.test(command)) return undefined;
	const { size, mtimeMs, ctimeMs, ino } = statSync(bundle);
	const file = join(places().cache, "code", command);
	const key = [bundle, size, mtimeMs, ctimeMs, ino].join(" ");
	try {
		if (statSync(file).uid !== process.getuid?.()) return undefined;
		const bytes = readFileSync(file);
		const end = bytes.indexOf("\n");
		const code = bytes.subarray(end + 1);
		// V8 does not detect damage.
		const isIntact = bytes.toString("utf8", 0, end) === headOf(key, code);
		return { file, key, code: isIntact ? code : undefined };
	} catch {
		return { file, key, code: undefined };
	}
}

/** If two processes write at once and spoil the file, the checksum shows it. A failure costs time and nothing else. */
export function keepCode({ file, key }: CompiledCode, code: Buffer): void {
	const draft = `${file}.new`;
	try {
		mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
		writeFileSync(draft, Buffer.concat([Buffer.from(`${headOf(key, code)}\n`), code]), { mode: 0o600 });
		renameSync(draft, file);
	} catch {
		discard(draft);
	}
}

function discard(draft: string): void {
	try {
		rmSync(draft, { force: true });
	} catch {
		// The disk is read-only by now.
	}
}

const headOf = (key: string, code: Buffer) => `${crc32(code)} ${key}`;
