// Lines out of a stream, whatever it holds: a program that floods us with one endless line costs no memory.
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

const LONGEST_LINE = 1024 * 1024;

/** Call back for every line; `\r` ends a line as well, as in progress displays. Longer lines come in pieces. */
export function eachLine(stream: Readable, onLine: (line: string) => void): void {
	const decoder = new StringDecoder("utf8");
	let rest = "";
	stream.on("data", (chunk: Buffer) => {
		rest += decoder.write(chunk);
		const lines = rest.split(/\r\n|\n|\r/);
		rest = lines.pop() ?? "";
		for (const line of lines) if (line !== "") onLine(line);
		if (rest.length > LONGEST_LINE) {
			onLine(rest);
			rest = "";
		}
	});
	stream.on("end", () => {
		const last = rest + decoder.end();
		if (last !== "") onLine(last);
	});
	stream.on("error", () => {});
}
