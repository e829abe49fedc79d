// Check that a stream contains a complete dataset, from its first byte to its last.
import { Transform } from "node:stream";

/**
 * The length of the end mark of a transfer whose size was not known in advance; `--rdb -` passes the mark on
 * (redis-cli.c, "getRDB").
 */
const MARK_BYTES = 40;
/** The last byte before the eight-byte checksum (RDB_OPCODE_EOF). */
const END = 0xff;

/** Pass a dump on without the end mark. `whole` tells whether it began and ended as a dataset does. */
export function rdbStream(marked: () => boolean): {
	readonly stream: Transform;
	readonly whole: Promise<boolean>;
} {
	let held = Buffer.alloc(0);
	let begin = Buffer.alloc(0);
	const { promise: whole, resolve: tell } = Promise.withResolvers<boolean>();
	const keep = MARK_BYTES + 9;
	const stream = new Transform({
		transform(chunk: Buffer, _encoding, done) {
			if (begin.length < 5) begin = Buffer.concat([begin, chunk]).subarray(0, 5);
			held = Buffer.concat([held, chunk]);
			const ready = held.length > keep ? held.subarray(0, held.length - keep) : Buffer.alloc(0);
			held = held.subarray(ready.length);
			done(null, ready);
		},
		flush(done) {
			const rest = marked() ? held.subarray(0, Math.max(0, held.length - MARK_BYTES)) : held;
			tell(/^(REDIS|VALKE)$/.test(begin.toString("latin1")) && rest[rest.length - 9] === END);
			done(null, rest);
		},
	});
	stream.on("close", () => tell(false));
	return { stream, whole };
}
