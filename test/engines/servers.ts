// Real servers for restic, on loopback, each below a folder; they end with the test file.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { after } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { elsewhere } from "../elsewhere/elsewhere.ts";
import { cutRanges } from "./whole-objects.ts";

/** As options of a destination. */
export interface Served {
	readonly repo: string;
	readonly environmentFile?: string;
}

export interface RepositoryServer {
	readonly name: string;
	readonly missing?: string | undefined;
	serve(below: string): Promise<Served>;
}

const radosgw = elsewhere("trixie", "radosgw");
const newer = elsewhere("sid", "restic", "restic-rest-server");

/** The current restic, as `bin/restic` below it. */
export const newerRestic = newer;

export const SERVERS: readonly RepositoryServer[] = [
	{
		name: "a REST server (rclone's)",
		async serve(below) {
			const port = await freePort();
			await up(port, spawn("rclone", ["serve", "restic", "--addr", `127.0.0.1:${port}`, below], QUIET));
			return { repo: `rest:http://127.0.0.1:${port}/` };
		},
	},
	{
		name: "a REST server (restic's own)",
		missing: newer.missing,
		async serve(below) {
			const port = await freePort();
			const program = join(newer.below(PROJECT), "bin/restic-rest-server");
			const words = ["--path", below, "--listen", `127.0.0.1:${port}`, "--no-auth"];
			await up(port, spawn(program, words, QUIET));
			return { repo: `rest:http://127.0.0.1:${port}/` };
		},
	},
	{
		name: "an rclone remote",
		serve: async (below) => ({ repo: `rclone::local:${below}` }),
	},
	{
		name: "an S3 server (Ceph's gateway)",
		missing: radosgw.missing,
		serve: objectGateway,
	},
];

export const PROJECT = join(import.meta.dirname, "../..");
const QUIET = { stdio: "ignore" } as const;

/** Ceph's object gateway alone, on its own small store (dbstore) instead of a cluster. */
async function objectGateway(below: string): Promise<Served> {
	const port = await freePort();
	const folder = radosgw.below(PROJECT);
	const libraries = join(folder, "usr/lib/x86_64-linux-gnu/ceph");
	const data = join(below, "data");
	mkdirSync(data);
	const config = join(below, "ceph.conf");
	writeFileSync(
		config,
		`[global]
rgw_backend_store = dbstore
rgw_config_store = dbstore
dbstore_db_dir = ${below}
dbstore_config_uri = file:${below}/config.db
rgw_data = ${data}
plugin_dir = ${libraries}
erasure_code_dir = ${libraries}/erasure-code
rgw_frontends = beast endpoint=127.0.0.1:${port}
log_file = ${below}/log
admin_socket = ${below}/socket
run_dir = ${below}
`,
	);
	const words = ["-c", config, "-n", "client.rgw", "--no-mon-config"];
	await up(port, spawn(join(folder, "bin/radosgw"), [...words, "-d"], QUIET));
	const [key, secret] = ["KEY", "SECRETKEY"];
	const user = [
		"user",
		"create",
		"--uid",
		"u",
		"--display-name",
		"u",
		"--access-key",
		key,
		"--secret-key",
		secret,
	];
	administer(join(folder, "bin/radosgw-admin"), [...words, ...user]);
	const environmentFile = join(below, "environment");
	writeFileSync(environmentFile, `AWS_ACCESS_KEY_ID=${key}\nAWS_SECRET_ACCESS_KEY=${secret}\n`, {
		mode: 0o600,
	});
	const front = await freePort();
	const server = await cutRanges(front, port, key, secret);
	after(() => server.close());
	return { repo: `s3:http://127.0.0.1:${front}/bucket/web01`, environmentFile };
}

/** On a busy machine it has been seen to wait for itself, for ever. */
function administer(program: string, words: readonly string[]): void {
	for (let left = 3; ; left--) {
		const { status, error, stderr } = spawnSync(program, words, {
			...{ encoding: "utf8", stdio: ["ignore", "ignore", "pipe"] },
			...{ timeout: 30_000, killSignal: "SIGKILL" },
		});
		// An attempt that was ended may have done its work.
		if (status === 0 || /exists/.test(stderr)) return;
		if (left === 0 || error === undefined) throw error ?? new Error(stderr);
	}
}

function freePort(): Promise<number> {
	return new Promise((resolve) => {
		const probe = createServer().listen(0, "127.0.0.1", () => {
			const { port } = probe.address() as { port: number };
			probe.close(() => resolve(port));
		});
	});
}

async function up(port: number, server: ChildProcess): Promise<void> {
	after(() => server.kill());
	while (server.exitCode === null) {
		const answers = await new Promise<boolean>((resolve) => {
			const socket = connect(port, "127.0.0.1", () => resolve(true));
			socket.on("error", () => resolve(false));
			socket.on("connect", () => socket.destroy());
		});
		if (answers) return;
		await pause(50);
	}
	throw new Error(`${server.spawnfile} ended with exit code ${server.exitCode}`);
}
