// Send a message by HTTP, for the kinds that have a URL.
import { askHttp } from "../host/http.ts";
import { shownAnswer } from "../values/clip.ts";

const TIMEOUT_SECONDS = 15;
/** For example, from http:// to https://. */
const MAX_REDIRECTS = 5;

/** Throws if the response is not a success. */
export async function post(
	address: string,
	body: string,
	headers: Readonly<Record<string, string>> = {},
): Promise<void> {
	const { status, statusText } = await askHttp(address, {
		method: "POST",
		headers: { "Content-Type": "text/plain; charset=utf-8", ...headers },
		body,
		timeoutSeconds: TIMEOUT_SECONDS,
		mostRedirects: MAX_REDIRECTS,
	});
	if (status < 200 || status > 299)
		throw new Error(shownAnswer(`it answered ${status} ${statusText}`.trimEnd()));
}
