// In front of Ceph's gateway: its small store (dbstore) answers every range of an object with the object's first bytes.
import { createHmac } from "node:crypto";
import { createServer, request } from "node:http";
import { buffer } from "node:stream/consumers";

/** On another port of loopback; asks for whole objects and cuts the ranges out of them. */
export function cutRanges(port: number, gateway: number, key: string, secret: string) {
	const server = createServer((asked, answer) => {
		const { method, url = "/", headers } = asked;
		const [, first = "", last = ""] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? "") ?? [];
		const own = first === "" ? headers : signed(url, key, secret);
		const onwards = request({ host: "127.0.0.1", port: gateway, method, path: url, headers: own });
		onwards.on("error", () => answer.destroy());
		onwards.on("response", async (given) => {
			const { statusCode = 500, headers } = given;
			if (first === "" || statusCode !== 200) {
				given.pipe(answer.writeHead(statusCode, headers));
				return;
			}
			const whole = await buffer(given);
			const part = whole.subarray(Number(first), last === "" ? undefined : Number(last) + 1);
			const range = `bytes ${first}-${Number(first) + part.length - 1}/${whole.length}`;
			answer.writeHead(206, { ...headers, "content-length": part.length, "content-range": range }).end(part);
		});
		asked.pipe(onwards);
	});
	return new Promise<typeof server>((resolve) => {
		server.listen(port, "127.0.0.1", () => resolve(server));
	});
}

/** Signature version 2 of S3. */
function signed(url: string, key: string, secret: string) {
	const date = new Date().toUTCString();
	const path = url.split("?", 1)[0];
	const signature = createHmac("sha1", secret).update(`GET\n\n\n${date}\n${path}`).digest("base64");
	return { date, authorization: `AWS ${key}:${signature}` };
}
