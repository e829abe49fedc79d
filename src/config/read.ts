// Reads a config file into values, each with its origin.
import type { Stats } from "node:fs";
import { basename, dirname, extname } from "node:path";
import { type Examined, examine, fileFault } from "../host/ownership.ts";
import { isHandedOver, readText } from "../host/read-file.ts";
import { workingFolder } from "../host/working-folder.ts";
import { HoldfastError } from "../values/error.ts";
import { wordsOf } from "../values/system-error.ts";
import type { Found, LoadOptions } from "./find.ts";
import { MAX_BYTES } from "./limits.ts";
import { type ConfigCode, notObeyed } from "./obey.ts";

export async function readSource(found: Found, options: LoadOptions): Promise<unknown> {
	const { file, isNamed, guards } = found;
	const isCode = extname(file) === ".ts";
	const source = { file: shownAs(file), text: textIn(file, isNamed, isCode ? guards.code : guards.data) };
	if (!isCode) return (await import("./yaml.ts")).readYaml(source);
	const { readTypeScript, writtenIn } = await import("./typescript.ts");
	return options.purpose === "names" ? writtenIn(source) : readTypeScript(codeOf(found, options), source);
}

/** A file in the current folder is shown without its full path. */
export const shownAs = (file: string): string => (dirname(file) === workingFolder() ? basename(file) : file);

export const codeOf = ({ file, isNamed, guards }: Found, { purpose }: LoadOptions): ConfigCode => ({
	file,
	isNamed,
	isGuarded: guards.code,
	isRun: purpose !== "names",
});

/** A guarded file is read at its resolved path, and checked again once it is open. */
function textIn(file: string, isNamed: boolean, isGuarded: boolean): string {
	const most = MAX_BYTES;
	try {
		if (!isGuarded) return readText(file, { most });
		const { real, fault }: Examined = isHandedOver(file) ? { real: file } : examine(file, isNamed);
		if (fault !== undefined) throw notObeyed(file, fault);
		const look = (stats: Stats) => {
			const late = fileFault(real, stats);
			if (late !== undefined) throw notObeyed(file, late);
		};
		return readText(real, { most, noLink: true, look });
	} catch (cause) {
		if (cause instanceof HoldfastError && cause.exit === "usage") throw cause;
		throw new HoldfastError("config-invalid", `cannot read ${file}: ${wordsOf(cause)}`, {
			subject: file,
			cause,
		});
	}
}
