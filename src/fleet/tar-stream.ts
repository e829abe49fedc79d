// A tar archive (ustar) as a stream: what is sent includes passphrases, which are in no file of this machine.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";

/** What is sent: a text, or a file on this machine. */
export type Content = { readonly text: string } | { readonly file: string };

const BLOCK = 512;

/** Names have at most 100 bytes. All belong to root, who alone can read them, and are as old as the epoch. */
export async function* tarOf(files: ReadonlyMap<string, Content>): AsyncGenerator<Buffer> {
	for (const [name, content] of files) {
		const size = "text" in content ? Buffer.byteLength(content.text) : (await stat(content.file)).size;
		yield header(name, size);
		let sent = 0;
		if ("text" in content) {
			yield Buffer.from(content.text);
			sent = size;
		} else
			for await (const chunk of createReadStream(content.file, { highWaterMark: 1024 * 1024 })) {
				sent += (chunk as Buffer).length;
				yield chunk as Buffer;
			}
		if (sent !== size) throw new Error(`${name} changed while it was sent`);
		yield Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
	}
	yield Buffer.alloc(2 * BLOCK);
}

/** POSIX.1-2001, pax: "ustar Interchange Format". Numbers are octal. */
function header(name: string, size: number): Buffer {
	if (Buffer.byteLength(name) > 100) throw new Error(`${name} is too long a name`);
	const block = Buffer.alloc(BLOCK);
	const octal = (value: number, at: number, digits: number) =>
		block.write(value.toString(8).padStart(digits, "0"), at);
	block.write(name, 0);
	octal(0o600, 100, 7);
	octal(0, 108, 7);
	octal(0, 116, 7);
	octal(size, 124, 11);
	octal(0, 136, 11);
	block.write("        0", 148);
	block.write("ustar\x0000", 257);
	octal(
		block.reduce((sum, byte) => sum + byte, 0),
		148,
		6,
	);
	block[154] = 0;
	return block;
}
