// Parses the output of a `list` command: a JSON array of { name }, or one name per line. Limits its size, and accepts only names
// that can be displayed and typed.
import * as v from "valibot";
import { HoldfastError } from "../../values/error.ts";
import type { Archive } from "../archive.ts";
import { faultOf } from "../metadata.ts";

const MAX_NAMES = 100_000;
const LONGEST_NAME = 1024;
/** Control and invisible characters: nobody can choose between names that look the same. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;

const listSchema = v.array(v.object({ name: v.pipe(v.string(), v.nonEmpty("an item has no name")) }));

export function readList(provider: string, text: string): Archive[] {
	const names = text.trimStart().startsWith("[")
		? namesInJson(provider, text)
		: text.split(/\r?\n/).filter((line) => line.trim() !== "");
	if (names.length > MAX_NAMES)
		throw new HoldfastError(
			"output-invalid",
			`the list command of provider "${provider}" printed ${names.length} names`,
			{ subject: provider, hint: `the limit for one provider is ${MAX_NAMES}` },
		);
	return names.map((name): Archive => {
		if (name.length > LONGEST_NAME)
			return { name: `${name.slice(0, 40)}…`, damaged: `its name has more than ${LONGEST_NAME} characters` };
		if (UNSEEN.test(name)) return { name: visible(name), damaged: "its name has control characters" };
		return { name };
	});
}

const visible = (name: string) =>
	name.replace(new RegExp(UNSEEN, "gu"), (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);

function namesInJson(provider: string, text: string): string[] {
	const notAList = (reason: string, cause?: unknown) =>
		new HoldfastError(
			"output-invalid",
			`the list command of provider "${provider}" printed JSON that is not an array`,
			{
				subject: provider,
				cause,
				details: [reason],
				hint: 'it must print [{"name": "…"}], or one name per line',
			},
		);
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (cause) {
		throw notAList((cause as Error).message, cause);
	}
	const { success, output, issues } = v.safeParse(listSchema, value, { abortEarly: true });
	if (success) return output.map(({ name }) => name);
	throw notAList(faultOf(issues));
}
