// SHA-256 of a stream.
import { createHash } from "node:crypto";
import { Transform } from "node:stream";

/** Passes its input on. At the end, reports the digest in hex and the number of bytes. */
export function digesting(tell: (digest: string, bytes: number) => void): Transform {
	const hash = createHash("sha256");
	let bytes = 0;
	return new Transform({
		transform(chunk: Buffer, _encoding, done) {
			hash.update(chunk);
			bytes += chunk.length;
			done(null, chunk);
		},
		flush(done) {
			tell(hash.digest("hex"), bytes);
			done();
		},
	});
}

export function sha256(data: string | Buffer): string {
	return createHash("sha256").update(data).digest("hex");
}
