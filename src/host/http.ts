// HTTP requests with limits on time and size. Uses Node's own client, because `fetch` refuses the ports that browsers block,
// and a service may listen on any port.
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { shortLine } from "../values/printable.ts";
import { beginningReader, LONGEST_BEGINNING } from "./lines.ts";

export interface HttpRequest {
	/** GET by default. */
	readonly method?: "GET" | "POST";
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: string;
	/** Time limit for the complete answer. */
	readonly timeoutSeconds: number;
	readonly signal?: AbortSignal;
	/** Maximum bytes to read of the body; by default 64 KiB. */
	readonly mostBytes?: number;
	/**
	 * Maximum number of redirects to follow, with the same method and body; by default none. Only the same server is
	 * followed, or the same host from http:// to https://: a redirect elsewhere is an error.
	 */
	readonly mostRedirects?: number;
}

export interface HttpAnswer {
	readonly status: number;
	/** The reason phrase, such as `Not Found`; may be empty. */
	readonly statusText: string;
	/** The beginning of the body. */
	readonly text: string;
}

/** Throws if there is no complete answer in time. An error status is not an error. */
export async function askHttp(address: string, request: HttpRequest): Promise<HttpAnswer> {
	const { timeoutSeconds, signal } = request;
	const timeout = AbortSignal.timeout(Math.ceil(timeoutSeconds * 1000));
	try {
		return await follow(
			new URL(address),
			request,
			signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
		);
	} catch (error) {
		signal?.throwIfAborted();
		if (timeout.aborted) throw new Error(`no complete answer within ${Math.ceil(timeoutSeconds)} s`);
		const { message, errors } = error as AggregateError;
		// If none of a name's addresses answered, there is one error for each address and no overall message.
		throw new Error(message || errors?.map((one) => (one as Error).message).join("; "), { cause: error });
	}
}

async function follow(url: URL, request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
	const answer = await open(url, request, signal);
	const { statusCode: status = 0, statusMessage: statusText = "", headers } = answer;
	const { mostRedirects = 0 } = request;
	if (mostRedirects > 0 && [301, 302, 307, 308].includes(status) && headers.location !== undefined) {
		answer.destroy();
		const to = new URL(headers.location, url);
		if (!mayFollow(url, to))
			throw new Error(`it redirects to another server, ${shortLine(`${to.protocol}//${to.host}`)}`);
		// Send a token only to the server that the user named.
		const { Authorization: _, ...others } = request.headers ?? {};
		const next = to.origin === url.origin ? request : { ...request, headers: others };
		return follow(to, { ...next, mostRedirects: mostRedirects - 1 }, signal);
	}
	return { status, statusText, text: await beginningOf(answer, request.mostBytes) };
}

/** Whether the body may be sent there: the user named this host only, and may have asked for encryption. */
function mayFollow(from: URL, to: URL): boolean {
	if (to.origin === from.origin) return true;
	return to.hostname === from.hostname && from.protocol === "http:" && to.protocol === "https:";
}

function open(
	url: URL,
	{ method = "GET", headers, body }: HttpRequest,
	signal: AbortSignal,
): Promise<IncomingMessage> {
	return new Promise((resolve, reject) => {
		const start = url.protocol === "https:" ? httpsRequest : httpRequest;
		start(url, { method, headers: { "User-Agent": "holdfast", ...headers }, signal, agent: false }, resolve)
			.on("error", reject)
			.end(body);
	});
}

/** The beginning of a body, which may be endless. */
async function beginningOf(answer: IncomingMessage, mostBytes = LONGEST_BEGINNING): Promise<string> {
	const reader = beginningReader(mostBytes);
	let bytes = 0;
	for await (const chunk of answer) {
		reader.push(chunk);
		bytes += chunk.length;
		if (bytes >= mostBytes) break;
	}
	return reader.text();
}
