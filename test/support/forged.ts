// An archive written by hand: a folder of the tar provider with any metadata and files.
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";

export interface ForgedDump {
	readonly dump: object;
	readonly content: string | Buffer;
	readonly facts: object;
	readonly accounts?: unknown;
}

/** Made "later than any other", for machine `web01` and one state. */
export function forgeArchive(archives: string, state: string, dumps: readonly ForgedDump[]): string {
	const name = `web01-2027-01-01T000000Z-${createHash("md5").update(JSON.stringify(dumps)).digest("hex").slice(0, 4)}`;
	const folder = join(archives, name);
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	const files = new Map<string, Buffer>();
	const held = dumps.map(({ dump, content, facts, accounts }, index) => {
		const stored = `/var/lib/holdfast/dumps/${state}/${index}.dump`;
		files.set(stored, Buffer.from(content));
		if (accounts === undefined) return { dump, stored, facts };
		files.set(`${stored}.accounts`, Buffer.from(JSON.stringify(accounts)));
		return { dump, stored, facts, accounts: `${stored}.accounts` };
	});
	writeFileSync(join(folder, "data.tar.zst"), zstdCompressSync(Buffer.alloc(0)));
	const segments = [...files].map(([path, content], index) => {
		const packed = zstdCompressSync(content);
		const file = `stream-${index}.zst`;
		writeFileSync(join(folder, file), packed);
		const sha256 = createHash("sha256").update(packed).digest("hex");
		return { path, file, offset: 0, length: packed.length, sha256, tarBytes: content.length };
	});
	const metadata = {
		version: 1,
		machine: "web01",
		run: "2027-01-01T000000Z-forg",
		created: new Date(Date.now() + 1000).toISOString(),
		manifest: "/var/lib/holdfast/spool/tar.disk/manifest.json",
		states: { [state]: { outcome: "good", folders: [], dumps: held } },
	};
	writeFileSync(
		join(folder, "index.json"),
		JSON.stringify({ format: "holdfast-tar", version: 1, metadata, segments }),
	);
	return name;
}
