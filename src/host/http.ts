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
	/** A text to look for in the first 4 MiB of the body; without it, only 64 KiB are read. */
	readonly seeks?: string;
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
	/** The beginning of the body, at most 64 KiB. */
	readonly text: string;
	/** Whether the body contains what was sought. */
	readonly found: boolean;
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
	return { status, statusText, ...(await read(answer, request.seeks)) };
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

/** Bytes in which a text is looked for. */
const MAX_SEARCHED = 4 * 1024 ** 2;

/** Read a body, which may be endless, and keep its beginning. */
async function read(answer: IncomingMessage, seeks?: string): Promise<Pick<HttpAnswer, "text" | "found">> {
	const reader = beginningReader(LONGEST_BEGINNING);
	const isFoundWith = seeks === undefined ? () => false : seeker(Buffer.from(seeks));
	const most = seeks === undefined ? LONGEST_BEGINNING : MAX_SEARCHED;
	let bytes = 0;
	let found = false;
	for await (const chunk of answer) {
		reader.push(chunk);
		bytes += chunk.length;
		found = isFoundWith(chunk);
		if (found || bytes >= most) break;
	}
	return { text: reader.text(), found };
}

/** Tells of each chunk whether the text was found in it, or across its beginning. */
function seeker(wanted: Buffer): (chunk: Buffer) => boolean {
	let end = Buffer.alloc(0);
	return (chunk) => {
		const seam = Buffer.concat([end, chunk.subarray(0, wanted.length)]);
		end = Buffer.concat([end, chunk.subarray(-wanted.length)]).subarray(-wanted.length);
		return chunk.includes(wanted) || seam.includes(wanted);
	};
}
