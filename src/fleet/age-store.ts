// Secrets in files that are encrypted with age, for the identities in another file.
import { existsSync, globSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { replaceFile } from "../host/files.ts";
import { openFolder } from "../host/folder.ts";
import { readBounded } from "../host/read-file.ts";
import { secretText } from "../host/secret.ts";
import { HoldfastError } from "../values/error.ts";
import type { SecretStore } from "./secret-store.ts";

interface AgeSettings {
	/** Files `MACHINE/NAME.age`. */
	readonly folder: string;
	/** File of the identities; created on first use. */
	readonly identity: string;
}

export function ageStore({ folder, identity }: AgeSettings): SecretStore {
	const fileOf = (name: string) => join(folder, `${name}.age`);
	const requireReady = async () => {
		if (existsSync(identity)) await recipientsIn(identity);
		// A new identity could not open what is there.
		else if (globSync("*/*.age", { cwd: folder }).length > 0) throw missing(identity);
	};
	return {
		place: folder,
		requireReady,
		async get(name) {
			const file = fileOf(name);
			if (!existsSync(file)) return undefined;
			const { Decrypter } = await import("age-encryption");
			const decrypter = new Decrypter();
			if (!existsSync(identity)) throw missing(identity);
			for (const one of identitiesIn(identity)) decrypter.addIdentity(one);
			return decrypter.decrypt(readBounded(file, { most: 1024 * 1024 }), "text").catch((cause: Error) => {
				throw new HoldfastError("secret-unreadable", `cannot open the secret ${file}`, {
					subject: file,
					cause,
					details: [cause.message],
					hint: `it was encrypted for a key that is not in ${identity}`,
				});
			});
		},
		async set(name, value) {
			await requireReady();
			const { Encrypter, generateX25519Identity } = await import("age-encryption");
			if (!existsSync(identity)) {
				mkdirSync(dirname(identity), { recursive: true, mode: 0o700 });
				writeFileSync(identity, `${await generateX25519Identity()}\n`, {
					mode: 0o600,
					flag: "wx",
					flush: true,
				});
			}
			const encrypter = new Encrypter();
			for (const one of await recipientsIn(identity)) encrypter.addRecipient(one);
			const file = fileOf(name);
			mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
			using open = openFolder(dirname(file));
			replaceFile(open, basename(file), await encrypter.encrypt(value));
		},
	};
}

const missing = (identity: string) =>
	new HoldfastError(
		"secret-unreadable",
		`the age identity ${identity} does not exist, but the secrets are encrypted for it`,
		{ subject: identity, hint: "restore it from your copy" },
	);

/** Whom secrets are encrypted for: every identity in the file, or else nothing is. */
async function recipientsIn(file: string): Promise<string[]> {
	const { identityToRecipient } = await import("age-encryption");
	return Promise.all(
		identitiesIn(file).map(async (identity) => {
			try {
				return await identityToRecipient(identity);
			} catch (cause) {
				throw unusable(file, "contains a damaged AGE-SECRET-KEY", cause);
			}
		}),
	);
}

/** The identities in a file of age-keygen(1): one a line, and comments. Throws if there is anything else, or none. */
function identitiesIn(file: string): string[] {
	const lines = secretText(file, "the age identity")
		.split("\n")
		.map((line) => line.trim())
		.filter((line) => line !== "" && !line.startsWith("#"));
	const other = lines.find((line) => !line.startsWith("AGE-SECRET-KEY-"));
	if (other !== undefined) throw unusable(file, `contains ${kindOf(other)}, which is not supported`);
	if (lines.length === 0) throw unusable(file, "contains no age identity");
	return lines;
}

const unusable = (file: string, what: string, cause?: unknown) =>
	new HoldfastError("secret-unreadable", `${file} ${what}`, {
		subject: file,
		cause,
		hint: "use identities as age-keygen writes them (AGE-SECRET-KEY-…); for other kinds, set your own commands: secrets: { get: […], set: […] }",
	});

function kindOf(line: string): string {
	if (line.startsWith("AGE-PLUGIN-")) return "an identity of an age plugin";
	if (/^-----BEGIN (OPENSSH|RSA|EC|DSA)? ?PRIVATE KEY-----/.test(line)) return "an SSH key";
	if (line.startsWith("-----BEGIN AGE ENCRYPTED FILE-----") || line.startsWith("age-encryption.org/"))
		return "an identity encrypted with a passphrase";
	if (/^(age1|ssh-)/.test(line)) return "a public key";
	return "text that is not an age identity";
}
