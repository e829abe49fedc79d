// A restic repository whose key is cheap to derive. restic makes key derivation take half a second on the machine
// that creates the key, and pays this in every command; these tests never test the strength of a passphrase. The
// format: https://restic.readthedocs.io/en/stable/design.html#keys-encryption-and-mac
import { execFileSync } from "node:child_process";
import { createCipheriv, createDecipheriv, createHash, randomBytes, scryptSync } from "node:crypto";
import {
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";

const CACHE = join(import.meta.dirname, "../../node_modules/.cache/holdfast-restic");

interface Key {
	readonly N: number;
	readonly r: number;
	readonly p: number;
	readonly salt: string;
	readonly data: string;
}

/** Create one in an empty place; its passphrase is the file's first line. */
export function cheapRepository(repository: string, passphraseFile: string): void {
	if (existsSync(repository)) return;
	const passphrase = readFileSync(passphraseFile, "utf8").split("\n", 1)[0] ?? "";
	const kept = join(CACHE, createHash("sha256").update(passphrase).digest("hex").slice(0, 16));
	if (!existsSync(kept)) make(kept, passphrase);
	cpSync(kept, repository, { recursive: true });
}

/** Others may create it at the same time. */
function make(kept: string, passphrase: string): void {
	mkdirSync(CACHE, { recursive: true });
	const made = mkdtempSync(`${kept}-`);
	execFileSync("restic", ["init", "--quiet", "--no-cache", "--repo", made], {
		env: { ...process.env, RESTIC_PASSWORD: passphrase },
	});
	cheapen(made, passphrase);
	try {
		renameSync(made, kept);
	} catch {
		rmSync(made, { recursive: true, force: true });
	}
}

/** Replace the only key of one that restic has created. */
export function cheapen(repository: string, passphrase: string): void {
	const keys = join(repository, "keys");
	const [name = ""] = readdirSync(keys);
	const dear = JSON.parse(readFileSync(join(keys, name), "utf8")) as Key;
	const content = JSON.stringify({ ...dear, ...cheap(dear, passphrase) });
	rmSync(join(keys, name), { force: true });
	writeFileSync(join(keys, createHash("sha256").update(content).digest("hex")), content);
}

function cheap(dear: Key, passphrase: string): Partial<Key> {
	const sealed = Buffer.from(dear.data, "base64");
	const [nonce, text] = [sealed.subarray(0, 16), sealed.subarray(16, -16)];
	const old = derive(passphrase, dear);
	const decipher = createDecipheriv("aes-256-ctr", old.subarray(0, 32), nonce);
	const master = Buffer.concat([decipher.update(text), decipher.final()]);
	const to = { N: 2, r: 1, p: 1, salt: randomBytes(64).toString("base64") };
	return { ...to, data: seal(master, derive(passphrase, to)).toString("base64") };
}

function derive(passphrase: string, { N, r, p, salt }: Omit<Key, "data">): Buffer {
	return scryptSync(passphrase, Buffer.from(salt, "base64"), 64, { N, r, p, maxmem: 2 ** 30 });
}

/** AES-256 in counter mode, authenticated with Poly1305-AES. */
function seal(text: Buffer, key: Buffer): Buffer {
	const nonce = randomBytes(16);
	const cipher = createCipheriv("aes-256-ctr", key.subarray(0, 32), nonce);
	const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
	const block = createCipheriv("aes-128-ecb", key.subarray(32, 48), null).setAutoPadding(false);
	return Buffer.concat([nonce, sealed, poly1305(sealed, key.subarray(48, 64), block.update(nonce))]);
}

const number = (bytes: Buffer) => BigInt(`0x${Buffer.from(bytes).reverse().toString("hex") || "0"}`);

function poly1305(message: Buffer, r: Buffer, s: Buffer): Buffer {
	const factor = number(r) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
	let sum = 0n;
	for (let at = 0; at < message.length; at += 16) {
		const chunk = message.subarray(at, at + 16);
		sum = ((sum + number(chunk) + (1n << BigInt(8 * chunk.length))) * factor) % ((1n << 130n) - 5n);
	}
	const tag = (sum + number(s)) % (1n << 128n);
	return Buffer.from(tag.toString(16).padStart(32, "0"), "hex").reverse();
}
