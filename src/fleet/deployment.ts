// The files that a machine needs, with their paths: the runtime, the program, its manifest, secrets and units.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Manifest } from "../manifest/schema.ts";
import { type Deployment, WRITTEN } from "../plan/install.ts";
import { HoldfastError } from "../values/error.ts";
import { VERSION } from "../values/version.ts";
import type { ServerAccount } from "./borg-server.ts";
import type { Layout } from "./layout.ts";
import { quoted } from "./quoted.ts";
import type { Content } from "./tar-stream.ts";
import { unitsOf } from "./units.ts";

export interface DesiredFile {
	readonly path: string;
	readonly content: Content;
	readonly mode: string;
	readonly folderMode: string;
	readonly sha256: string;
	/** Whether a change to it is shown as a diff. */
	readonly shown: boolean;
	readonly stays: boolean;
}

export interface Desired {
	readonly files: readonly DesiredFile[];
	readonly timers: readonly string[];
	readonly atBoot: readonly string[];
	readonly account?: ServerAccount | undefined;
}

export interface Secret {
	readonly path: string;
	readonly value: string;
}

/** The running program, as cli/start.ts describes it: this is what a deploy sends. */
function runningProgram(): { readonly node: string; readonly start: string; readonly bundle: string } {
	const { HOLDFAST_START: start, HOLDFAST_BUNDLE: bundle } = process.env;
	if (start && bundle) return { node: process.execPath, start, bundle };
	throw new HoldfastError("failed", "this Holdfast runs from its sources, but a deploy sends the bundle", {
		hint: "build it first: npm run build",
	});
}

export async function desiredFor(
	manifest: Manifest,
	layout: Layout,
	user: boolean,
	secrets: readonly Secret[],
	account?: ServerAccount,
): Promise<Desired> {
	const { node, start, bundle } = runningProgram();
	const nodeHash = await hashOfFile(node);
	const bundleHash = await hashOfFile(bundle);
	const startHash = await hashOfFile(start);
	// Named by content: an existing one need not be sent, and the old one stays in use until the new one is installed.
	const named = (hash: string) => hash.slice(0, 12);
	const runtime = join(layout.lib, `node-${process.versions.node}-${named(nodeHash)}`);
	const program = join(layout.lib, `holdfast-${VERSION}-${named(bundleHash)}.cjs`);
	const starter = join(layout.lib, `start-${named(startHash)}.cjs`);
	const { host: _, ...own } = manifest;
	const units = unitsOf({ manifest: own, program: layout.program, config: layout.manifest, user });
	const text = (path: string, value: string, mode: string, more: Partial<DesiredFile> = {}): DesiredFile => ({
		path,
		content: { text: value },
		mode,
		folderMode: "0755",
		sha256: createHash("sha256").update(value).digest("hex"),
		shown: true,
		stays: false,
		...more,
	});
	const binary = (path: string, file: string, mode: string, sha256: string): DesiredFile => ({
		path,
		content: { file },
		mode,
		folderMode: "0755",
		sha256,
		shown: false,
		stays: false,
	});
	return {
		files: [
			binary(runtime, node, "0755", nodeHash),
			binary(program, bundle, "0644", bundleHash),
			binary(starter, start, "0644", startHash),
			// Our own script throughout: a link to a checkout may be in its place, and one line says that it changes.
			text(layout.program, launcher(runtime, starter, program), "0755", { shown: false }),
			...secrets.map(({ path, value }) =>
				text(path, value, "0600", { folderMode: "0700", shown: false, stays: true }),
			),
			text(layout.manifest, `${JSON.stringify(own, null, 2)}\n`, "0600"),
			...units.files.map((unit) => text(join(layout.units, unit.name), unit.text, "0644")),
			// sshd must be able to read it as that user, who must not be able to write it.
			...(account ? [text(account.keys.path, account.keys.text, "0644")] : []),
		],
		account,
		timers: units.timers,
		atBoot: units.atBoot,
	};
}

function launcher(runtime: string, starter: string, program: string): string {
	return `#!/bin/sh
${WRITTEN}
export MALLOC_ARENA_MAX=1 HOLDFAST_BUNDLE=${quoted(program)}
exec ${quoted(runtime)} --disable-warning=ExperimentalWarning --disable-sigusr1 --max-semi-space-size=1 ${quoted(starter)} "$@"
`;
}

/** The files to send, and their record; files that already exist there are not sent again. */
export function filesToSend(
	{ files, timers, atBoot, account }: Desired,
	there: ReadonlyMap<string, string>,
	layout: Layout,
): { readonly contents: Map<string, Content>; readonly deployment: Deployment } {
	const contents = new Map<string, Content>();
	const listed = files.map(({ path, content, mode, folderMode, sha256, stays }, index) => {
		const from = there.get(path) === sha256 ? undefined : `file-${index}`;
		if (from !== undefined) contents.set(from, content);
		return { path, ...(from === undefined ? {} : { from }), mode, folderMode, sha256, stays };
	});
	const deployment: Deployment = {
		version: VERSION,
		files: listed,
		timers,
		atBoot,
		...(account ? { account: { user: account.user, directory: account.directory } } : {}),
		installed: layout.installed,
		program: layout.program,
		manifest: layout.manifest,
	};
	// The record that stays on the machine does not say what was sent this time.
	const record = { ...deployment, files: listed.map(({ from: _, ...file }) => file) };
	contents.set("installed.json", { text: `${JSON.stringify(record, null, 2)}\n` });
	contents.set("deployment.json", { text: JSON.stringify(deployment) });
	return { contents, deployment };
}

export async function sizeOf(contents: ReadonlyMap<string, Content>): Promise<number> {
	let bytes = 0;
	for (const content of contents.values())
		bytes += "text" in content ? Buffer.byteLength(content.text) : (await stat(content.file)).size;
	return bytes;
}

async function hashOfFile(file: string): Promise<string> {
	const hash = createHash("sha256");
	for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 }))
		hash.update(chunk as Buffer);
	return hash.digest("hex");
}
