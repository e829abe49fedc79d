// HTTP requests: ports that browsers refuse, redirects, endless answers.
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { askHttp } from "../../src/host/http.ts";

const open: (() => void)[] = [];
after(() => {
	for (const close of open) close();
});

/** A server on this machine; returns its address, without a trailing slash. */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void, port = 0) {
	const server = createServer(answer);
	await new Promise<void>((resolve, reject) => {
		server.on("error", reject).listen(port, "127.0.0.1", resolve);
	});
	open.push(() => {
		server.closeAllConnections();
		server.close();
	});
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a port that fetch refuses", async () => {
	const address = await serve((_, response) => response.end("here"), 6667);
	await assert.rejects(fetch(address), ({ cause }) => /bad port/.test(String(cause)));
	assert.equal((await askHttp(address, { timeoutSeconds: 5 })).text, "here");
});

test("a redirect is followed with method and body where that is asked for, but to no other server", async () => {
	const seen: string[] = [];
	const hear = (request: IncomingMessage, response: ServerResponse) => {
		let body = "";
		request.on("data", (chunk) => {
			body += chunk;
		});
		request.on("end", () => {
			seen.push(`${request.method} ${request.url} ${body} ${request.headers.authorization}`);
			if (request.url === "/here") response.writeHead(307, { location: "/there" }).end();
			else if (request.url === "/there") response.writeHead(308, { location: "/topic" }).end();
			else if (request.url === "/away") response.writeHead(308, { location: `${other}/topic?secret` }).end();
			else if (request.url === "/file") response.writeHead(302, { location: "file:///etc/passwd" }).end();
			else if (request.url === "/round") response.writeHead(302, { location: "/round" }).end();
			else response.end();
		});
	};
	const other = await serve(hear);
	const address = await serve(hear);
	const post = { method: "POST", body: "news", timeoutSeconds: 5, headers: { Authorization: "t" } } as const;
	assert.equal((await askHttp(`${address}/here`, { ...post, mostRedirects: 5 })).status, 200);
	assert.deepEqual(seen, ["POST /here news t", "POST /there news t", "POST /topic news t"]);
	assert.equal((await askHttp(`${address}/here`, post)).status, 307);
	seen.length = 0;
	const away = (path: string) => askHttp(`${address}/${path}`, { ...post, mostRedirects: 5 });
	await assert.rejects(away("away"), { message: `it redirects to another server, ${other}` });
	await assert.rejects(away("file"), /redirects to another server, file:/);
	assert.deepEqual(seen, ["POST /away news t", "POST /file news t"]);
	assert.equal((await askHttp(`${address}/round`, { ...post, mostRedirects: 5 })).status, 302);
});

test("an answer without an end is read to a bound, and one that does not come is waited for until the time is over", async () => {
	const endless = await serve((_, response) => {
		const write = () => {
			while (response.write(Buffer.alloc(65536, 120)));
		};
		response.on("drain", write);
		write();
	});
	const { text } = await askHttp(endless, { timeoutSeconds: 20 });
	assert.ok(text.length < 5 * 1024 * 1024, String(text.length));
	const silent = await serve(() => {});
	await assert.rejects(askHttp(silent, { timeoutSeconds: 0.2 }), /no complete answer within 1 s/);
	const stop = new AbortController();
	setTimeout(() => stop.abort(), 50);
	await assert.rejects(askHttp(silent, { timeoutSeconds: 20, signal: stop.signal }), { name: "AbortError" });
});

test("nobody listens", async () => {
	await assert.rejects(askHttp("http://127.0.0.1:9/x", { timeoutSeconds: 5 }), /ECONNREFUSED/);
});
