// JSON that ends with its own digest, so that a check finds a change in it: a byte that a disk has lost, or a hand that was there.
// Whoever changes the text on purpose can change the digest too.
import { sha256 } from "../host/digest.ts";
import { isRecord } from "../values/record.ts";

/** JSON of an object, with the key `sha256` after all others. */
export const sealed = (value: object): string =>
	JSON.stringify({ ...value, sha256: sha256(JSON.stringify(value)) });

/** Whether a JSON text is as `sealed` wrote it. One without a digest, of an earlier version, is. */
export function isAsSealed(text: string): boolean {
	const value: unknown = JSON.parse(text);
	if (!isRecord(value) || value.sha256 === undefined) return true;
	const { sha256: digest, ...rest } = value;
	return sha256(JSON.stringify(rest)) === digest;
}
