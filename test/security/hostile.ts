// What an attacker with write access to a destination can create: archives with any content, in the format of each
// engine.
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { factsOf } from "../support/tree.ts";

/** A member of a tar archive; its name is written unchanged. */
export interface Member {
	readonly name: string;
	readonly type: "file" | "folder" | "symlink" | "hardlink" | "fifo" | "character" | "block";
	/** Where a link leads. */
	readonly target?: string;
	readonly content?: string;
	readonly mode?: number;
	readonly uid?: number;
	/** Of a device. */
	readonly device?: readonly [number, number];
	/** Extended attributes, as pax headers. */
	readonly attributes?: Readonly<Record<string, Buffer>>;
}

const BLOCK = 512;
const FLAGS = { file: "0", hardlink: "1", symlink: "2", character: "3", block: "4", folder: "5", fifo: "6" };

function header(
	name: Buffer,
	flag: string,
	size: number,
	{ mode = 0o644, uid = 0, target = "", device = [0, 0] }: Partial<Member>,
): Buffer {
	const block = Buffer.alloc(BLOCK);
	const octal = (value: number, at: number, length: number) =>
		block.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at, "latin1");
	name.copy(block, 0, 0, 100);
	octal(mode, 100, 8);
	octal(uid, 108, 8);
	octal(0, 116, 8);
	octal(size, 124, 12);
	octal(1_700_000_000, 136, 12);
	block.write(" ".repeat(8), 148, "latin1");
	block.write(flag, 156, "latin1");
	Buffer.from(target).copy(block, 157, 0, 100);
	block.write("ustar\u000000", 257, "latin1");
	octal(device[0], 329, 8);
	octal(device[1], 337, 8);
	const sum = block.reduce((total, byte) => total + byte, 0);
	block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
	return block;
}

function padded(content: Buffer): Buffer {
	return Buffer.concat([content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)]);
}

function paxOf(records: Readonly<Record<string, Buffer>>): Buffer[] {
	const lines = Object.entries(records).map(([key, value]) => {
		const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from("\n")]);
		let length = rest.length + 1;
		while (String(length).length + rest.length > length) length++;
		return Buffer.concat([Buffer.from(String(length)), rest]);
	});
	if (lines.length === 0) return [];
	const body = Buffer.concat(lines);
	return [header(Buffer.from("pax"), "x", body.length, {}), padded(body)];
}

export function tarOf(members: readonly Member[]): Buffer {
	const blocks = members.flatMap((member) => {
		const content = Buffer.from(member.type === "file" ? (member.content ?? "") : "");
		const [name, target] = [Buffer.from(member.name), Buffer.from(member.target ?? "")];
		const long: Record<string, Buffer> = { ...member.attributes };
		if (name.length > 99) long.path = name;
		if (target.length > 99) long.linkpath = target;
		return [...paxOf(long), header(name, FLAGS[member.type], content.length, member), padded(content)];
	});
	return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

export interface HostileArchive {
	/** What the tar engine's index claims to contain, and the real content. */
	readonly segments: readonly {
		readonly path: string;
		readonly members: readonly Member[];
		/** What follows the end of the tar archive. */
		readonly after?: Buffer;
	}[];
	/** Content that is written unchanged to a path. */
	readonly streams?: readonly { readonly path: string; readonly content: Buffer }[];
	/** Its metadata; anything. */
	readonly metadata: unknown;
}

/** An archive of the tar engine, in the folder of its destination. */
export function writeTarArchive(destination: string, name: string, archive: HostileArchive): void {
	const folder = join(destination, name);
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
	const pieces: Buffer[] = [];
	let offset = 0;
	const segments: object[] = (archive.streams ?? []).map(({ path, content }, index) => {
		const [bytes, file] = [zstdCompressSync(content), `stream-${index}.zst`];
		writeFileSync(join(folder, file), bytes);
		return { path, offset: 0, length: bytes.length, sha256: sha256(content), tarBytes: content.length, file };
	});
	for (const { path, members, after = Buffer.alloc(0) } of archive.segments) {
		const tar = Buffer.concat([tarOf(members), after]);
		const bytes = zstdCompressSync(tar);
		segments.push({ path, offset, length: bytes.length, sha256: sha256(bytes), tarBytes: tar.length });
		pieces.push(bytes);
		offset += bytes.length;
	}
	for (const segment of segments as { file?: string; sha256: string }[])
		if (segment.file) segment.sha256 = sha256(readFileSync(join(folder, segment.file)));
	writeFileSync(join(folder, "data.tar.zst"), Buffer.concat(pieces));
	writeFileSync(
		join(folder, "index.json"),
		JSON.stringify({ format: "holdfast-tar", version: 1, metadata: archive.metadata, segments }),
	);
}

/** The metadata of an archive of one good state. */
export function metadataOf(state: object, more: object = {}): object {
	return {
		version: 1,
		machine: "web01",
		run: "2026-01-01T000000Z-evil",
		created: "2026-01-01T00:00:00.000Z",
		manifest: "/var/lib/holdfast/spool/manifest.json",
		states: { app: { outcome: "good", folders: [], ...state } },
		...more,
	};
}

/**
 * Everything in a tree that must not change: content, owner, mode, times and links of all entries and of the tree
 * itself.
 */
export function guarded(folder: string): string {
	const times = [".", ...readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()].map((name) => {
		const { mtimeNs, ctimeNs } = lstatSync(join(folder, name), { bigint: true });
		return `${JSON.stringify(name)} ${mtimeNs} ${ctimeNs}`;
	});
	return [...factsOf(folder), ...times].join("\n");
}
