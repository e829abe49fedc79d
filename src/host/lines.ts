// Lines out of a stream, whatever it holds: a program that floods us with one endless line costs no memory.
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** Characters of a line that are kept; what must be read whole is not read by lines. */
const LONGEST_LINE = 16 * 1024;

/** Call back for every line that is not empty; `\r` ends a line as well, as in progress displays. */
export function eachLine(stream: Readable, onLine: (line: string) => void): void {
	const decoder = new StringDecoder("utf8");
	let rest = "";
	const tell = (line: string) => {
		if (line !== "") onLine(line);
	};
	stream.on("data", (chunk: Buffer) => {
		const lines = decoder.write(chunk).split(/[\r\n]+/);
		lines[0] = cut(rest + lines[0]);
		rest = cut(lines.pop() ?? "");
		for (const line of lines) tell(cut(line));
	});
	stream.on("end", () => tell(cut(rest + decoder.end())));
	stream.on("error", () => {});
}

/** As `eachLine` for texts in which every line counts: empty ones too, and only `\n` ends one. Settles at the end. */
export async function everyLine(stream: Readable, onLine: (line: string) => void): Promise<void> {
	const decoder = new StringDecoder("utf8");
	let rest = "";
	for await (const chunk of stream) {
		const lines = decoder.write(chunk as Buffer).split("\n");
		lines[0] = cut(rest + lines[0]);
		rest = cut(lines.pop() ?? "");
		for (const line of lines) onLine(line);
	}
	if (rest !== "") onLine(rest);
}

function cut(line: string): string {
	return line.length > LONGEST_LINE ? line.slice(0, LONGEST_LINE) : line;
}
