// `holdfast` alone on a terminal.
import { LOOKED_FOR } from "../config/find.ts";
import { loadConfig } from "../config/load.ts";
import { isHere } from "../fleet/select.ts";
import { AS_TEXT } from "../report/formats.ts";
import { print, screenWidth } from "../report/terminal.ts";
import { firstSteps, overviewText } from "../report/text/overview.ts";
import { clipped } from "../report/text/wrap.ts";
import { HoldfastError } from "../values/error.ts";
import { EXIT } from "../values/error-codes.ts";
import { printableLine } from "../values/printable.ts";
import { finished } from "./command.ts";
import { jobsHere, standingHere } from "./commands/status.ts";
import { loading } from "./machines.ts";

/** The exit code, or undefined if no machine of the config is this one. */
export async function overview(): Promise<number | undefined> {
	let isShown = true;
	const code = await finished({ ...AS_TEXT, quiet: false, debug: false }, async () => {
		try {
			const config = await loadConfig(undefined, loading);
			const machines = [...(await config.resolve()).values()];
			const here = machines.filter(isHere);
			const [only] = here;
			isShown = only !== undefined && here.length === 1;
			if (only !== undefined && isShown)
				printShort(
					overviewText({
						file: config.file,
						here: await standingHere(only),
						backups: jobsHere(only).flatMap(({ name, writes }) => (writes === undefined ? [] : name)),
						others: machines.length - 1,
					}),
				);
			return EXIT.done;
		} catch (error) {
			if (!(error instanceof HoldfastError && error.code === "config-not-found")) throw error;
			const refused = error.details.filter((line) => !line.startsWith(LOOKED_FOR));
			printShort(firstSteps(refused));
			return EXIT.done;
		}
	});
	return isShown ? code : undefined;
}

const printShort = (lines: readonly string[]) =>
	print(lines.map((line) => clipped(printableLine(line), screenWidth())));
