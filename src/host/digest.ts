// SHA-256 of what flows by.
import { createHash } from "node:crypto";
import { Transform } from "node:stream";

/** Passes on what it reads, and tells the digest, in hex, at its end. */
export function digesting(tell: (digest: string) => void): Transform {
	const hash = createHash("sha256");
	return new Transform({
		transform(chunk: Buffer, _encoding, done) {
			hash.update(chunk);
			done(null, chunk);
		},
		flush(done) {
			tell(hash.digest("hex"));
			done();
		},
	});
}

export function sha256(text: string): string {
	return createHash("sha256").update(text).digest("hex");
}
