// JSON output of a command on another machine, passed on as it arrives.
import { parseBounded } from "../../host/bounded-json.ts";
import { answerReader, everyRecordReader, type OutputReader } from "../../host/lines.ts";
import { HoldfastError } from "../../values/error.ts";
import { printJson } from "../terminal.ts";

const LIMITS = { depth: 200, values: 1_000_000 };

/** One value per line as it arrives, or one document once it is complete. */
export function passedOn(machine: string): OutputReader {
	const document = answerReader(16 * 1024 ** 2);
	let began = false;
	const lines = everyRecordReader((line) => {
		const value = began ? undefined : valueIn(line);
		if (value !== undefined) return printJson(value);
		began = true;
		document.push(Buffer.from(`${line}\n`));
	});
	return {
		push: lines.push,
		end() {
			lines.end?.();
			if (!began || document.text().trim() === "") return;
			const value = valueIn(document.text());
			if (value === undefined)
				throw new HoldfastError("answer-invalid", `the output of ${machine} is not JSON`, {
					subject: machine,
					details: document.text().slice(0, 2_000).split("\n").slice(0, 5),
					hint: `log in there and run the same command; if Holdfast is broken there: holdfast deploy ${machine}`,
				});
			printJson(value, 2);
		},
	};
}

function valueIn(text: string): unknown {
	try {
		return parseBounded(text, LIMITS);
	} catch (error) {
		if (error instanceof RangeError) throw error;
		return undefined;
	}
}
