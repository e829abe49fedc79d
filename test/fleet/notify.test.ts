// Who is notified of what about a run, over real HTTP; and the metrics as node_exporter reads them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { scratch } from "../support/scratch.ts";

const folder = scratch("notify");
const heard: { path: string; body: string; headers: Record<string, unknown> }[] = [];
let answer = 200;
const server = createServer((request, response) => {
	let body = "";
	request.on("data", (chunk) => {
		body += chunk;
	});
	request.on("end", () => {
		heard.push({ path: `${request.method} ${request.url}`, body, headers: request.headers });
		response.writeHead(answer).end();
	});
});
before(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
after(() => server.close());

const program = join(import.meta.dirname, "../../bin/holdfast");

async function run(words: readonly string[], hook: string, destination = "archives") {
	const { port } = server.address() as AddressInfo;
	mkdirSync(join(folder, "data"), { recursive: true });
	writeFileSync(join(folder, "token"), "tk_secret\n", { mode: 0o600 });
	writeFileSync(
		join(folder, "holdfast.yaml"),
		`machines:
  here:
    state: { notes: { folders: ["${folder}/data"], hooks: { preBackup: "${hook}" } } }
    providers: { tar: { destinations: { disk: { path: "${folder}/${destination}" } }, retention: { keepLast: 1 } } }
    metricsFile: ${folder}/holdfast.prom
    notify:
      - healthchecks: http://127.0.0.1:${port}/ping/uuid
      - { ntfy: "http://127.0.0.1:${port}/topic", tokenFile: "${folder}/token" }
`,
	);
	const { spawn } = await import("node:child_process");
	// As in a timer's service.
	const service = ["-c", 'umask 077; exec "$@"', "sh", program];
	const child = spawn("sh", [...service, ...words, "--config", join(folder, "holdfast.yaml")], {
		env: {
			...process.env,
			HOLDFAST_STATE_DIR: join(folder, "state"),
			HOLDFAST_RUNTIME_DIR: join(folder, "runtime"),
		},
		stdio: ["ignore", "pipe", "pipe"],
	});
	let output = "";
	for (const stream of [child.stdout, child.stderr])
		stream.on("data", (chunk) => {
			output += chunk;
		});
	const code = await new Promise<number>((resolve) => child.on("close", (it) => resolve(it ?? -1)));
	return { code, output };
}
const paths = () => heard.splice(0).map(({ path }) => path);
const metrics = () => readFileSync(join(folder, "holdfast.prom"), "utf8");

test("a good create: start and success for the check, nothing for those who hear of failures", async () => {
	const { code, output } = await run(["create"], "true");
	assert.equal(code, 0, output);
	assert.deepEqual(paths(), ["POST /ping/uuid/start", "POST /ping/uuid"]);
	assert.match(
		metrics(),
		/^holdfast_archive_late\{machine="here",state="notes",destination="tar\/disk"\} 0$/m,
	);
	assert.match(metrics(), /^holdfast_last_run_success\{machine="here",operation="create"\} 1$/m);
	assert.match(metrics(), /^holdfast_problems\{machine="here"\} 0$/m);
});

test("the metrics are what Prometheus's own format asks for", async () => {
	const seen = new Set<string>();
	for (const line of metrics().trimEnd().split("\n")) {
		const [, name = ""] = /^# TYPE (\w+) gauge$/.exec(line) ?? [];
		if (name) assert.ok(!seen.has(name), "each metric's lines stand together");
		if (name) seen.add(name);
		assert.match(line, /^(# (HELP|TYPE) holdfast_\w+ .+|holdfast_\w+\{(\w+="[^"\n]*",?)+\} -?[\d.]+)$/);
	}
	assert.equal(
		execFileSync("stat", ["-c", "%a", join(folder, "holdfast.prom")], { encoding: "utf8" }).trim(),
		"644",
	);
});

test("a failure: the check's /fail with why and the log's end; the topic with its token", async () => {
	const { code } = await run(["create"], "echo the disk is on fire; exit 3");
	assert.equal(code, 1);
	const told = heard.splice(0);
	assert.deepEqual(told.map(({ path }) => path).sort(), [
		"POST /ping/uuid/fail",
		"POST /ping/uuid/start",
		"POST /topic",
	]);
	const fail = told.find(({ path }) => path.endsWith("/fail"));
	assert.match(
		fail?.body ?? "",
		/create of here: failed\nrun .*(\n.*)*exit code 3(\n.*)*the disk is on fire/,
	);
	const topic = told.find(({ path }) => path === "POST /topic");
	assert.equal(topic?.headers.authorization, "Bearer tk_secret");
	assert.match(metrics(), /^holdfast_last_run_success\{machine="here",operation="create"\} 0$/m);
	assert.match(metrics(), /^holdfast_problems\{machine="here"\} 1$/m);
});

test("a good prune does not hide a missing backup from the check; a bad one is told", async () => {
	assert.equal((await run(["prune", "--yes"], "true")).code, 0);
	assert.deepEqual(paths(), []);
	await run(["check"], "true");
	assert.deepEqual(paths(), []);
});

test("a test message is sent, and whom it reached is told without their addresses", async () => {
	const { code, output } = await run(["notify"], "true");
	assert.equal(code, 0, output);
	assert.match(
		output,
		/^notified the (check|topic) at 127\.0\.0\.1:\d+, the (check|topic) at 127\.0\.0\.1:\d+$/m,
	);
	assert.doesNotMatch(output, /uuid/);
	const [check, topic] = heard.splice(0).sort((a, b) => a.path.localeCompare(b.path));
	assert.deepEqual([check?.path, topic?.path], ["POST /ping/uuid/log", "POST /topic"]);
	for (const one of [check, topic]) assert.doesNotMatch(one?.body ?? "", /failed$/m);
	assert.match(
		check?.body ?? "",
		/^holdfast: trial of the notifications of here\nThis is a trial: nothing failed\./,
	);
	assert.equal(topic?.headers.tags, "test_tube");
	assert.equal(topic?.headers.priority, "default");
});

test("who cannot be told changes nothing of the run, and its address is not told to the log", async () => {
	answer = 500;
	const { code, output } = await run(["create"], "true");
	answer = 200;
	heard.length = 0;
	assert.equal(code, 0, output);
	assert.match(output, /! could not notify the check at 127\.0\.0\.1:\d+: it answered 500/);
	assert.doesNotMatch(output, /uuid/);
});

test("a failure of which nobody could be notified is told by status and by notifications, until somebody was told", async () => {
	answer = 400;
	const { code } = await run(["create"], "head -c 300000 /dev/zero | tr '\\\\0' x | fold -w 300; exit 3");
	assert.equal(code, 1);
	const topic = heard.find(({ path }) => path === "POST /topic");
	assert.ok(Buffer.byteLength(topic?.body ?? "") <= 4_096);
	assert.match(topic?.body ?? "", /^run \S+ took .*\n(.*\n)*.*exit code 3/);
	const line =
		/"holdfast: create of here: failed" \(run \S+\) reached nobody: could not notify .*it answered 400/;
	const status = await run(["status"], "true");
	assert.equal(status.code, 1);
	assert.match(status.output, line);
	assert.doesNotMatch(status.output, /uuid/);
	answer = 200;
	heard.length = 0;
	assert.equal((await run(["create"], "true")).code, 0);
	assert.match(heard.find(({ path }) => path === "POST /ping/uuid")?.body ?? "", line);
	heard.length = 0;
	// Nobody reads what a check's success brings.
	assert.match((await run(["status"], "true")).output, line);
	assert.equal((await run(["create"], "exit 3")).code, 1);
	assert.match(heard.find(({ path }) => path === "POST /topic")?.body ?? "", line);
	assert.equal((await run(["create"], "true")).code, 0);
	heard.length = 0;
	const after = await run(["status"], "true");
	assert.equal(after.code, 0, after.output);
});

test("a create that is killed: its beginning stays in the metrics, and status says there what it says", async () => {
	const good = await run(["create"], "true");
	assert.equal(good.code, 0, good.output);
	assert.doesNotMatch(metrics(), /in_progress/);
	const dead = await run(["create"], "kill -KILL $PPID; sleep 5");
	assert.notEqual(dead.code, 0, dead.output);
	assert.match(
		metrics(),
		/^holdfast_run_in_progress_timestamp_seconds\{machine="here",operation="create"\} \d+/m,
	);
	const { code, output } = await run(["status"], "true");
	assert.equal(code, 1, output);
	assert.match(output, /died/);
	assert.match(metrics(), /^holdfast_problems\{machine="here"\} [1-9]/m);
	assert.match(metrics(), /^holdfast_last_run_success\{machine="here",operation="create"\} 0$/m);
	assert.match(metrics(), /in_progress/, "until it is brought to its end");
	await run(["recover"], "true");
	assert.doesNotMatch(metrics(), /in_progress/);
	heard.splice(0);
	assert.equal((await run(["create"], "true")).code, 0);
	assert.match(metrics(), /^holdfast_problems\{machine="here"\} 0$/m);
	heard.splice(0);
});
