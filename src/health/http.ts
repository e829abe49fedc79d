// An address that must answer.
import * as v from "valibot";
import type { HttpAnswer } from "../host/http.ts";
import * as f from "../values/fields.ts";
import { defineHealthCheck, faultOf } from "./health-check.ts";

/** Lines of an answer that are shown. */
const SHOWN_LINES = 5;

export const http = defineHealthCheck({
	key: "http",
	options: {
		http: v.pipe(f.httpAddress, v.description("a URL that must respond")),
		status: v.pipe(
			v.optional(v.number()),
			v.description("the status code that it must return (default: any from 200 to 299)"),
		),
		contains: v.pipe(v.optional(f.text), v.description("a text that the response must contain")),
	},
	data: ["contains", "http"],
	asksService: true,
	label: ({ http }) => `GET ${f.shownAddress(http)}`,
	async ask({ http, status, contains }, { seconds, signal }) {
		const { askHttp } = await import("../host/http.ts");
		try {
			const answer = await askHttp(http, {
				timeoutSeconds: seconds,
				signal,
				...(contains === undefined ? {} : { seeks: contains }),
			});
			const what = whyNot(answer, status, contains);
			return what === undefined ? undefined : { what, details: answer.text.split("\n", SHOWN_LINES) };
		} catch (error) {
			return faultOf(error);
		}
	},
});

function whyNot(
	{ status, found }: HttpAnswer,
	wanted: number | undefined,
	contains: string | undefined,
): string | undefined {
	if (wanted === undefined ? status < 200 || status > 299 : status !== wanted)
		return `answered with status ${status}`;
	if (contains !== undefined && !found) return `the response does not contain ${JSON.stringify(contains)}`;
	return undefined;
}
