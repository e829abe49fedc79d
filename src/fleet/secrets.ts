// Passphrases and keys that a deploy creates and installs on machines. The operator keeps them: encrypted with age in a
// folder next to the config, or with the user's own tool.
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { SecretFile } from "../engines/engine.ts";
import { destinationsIn, engineOf } from "../engines/list.ts";
import { describeEnd, exec, execText } from "../host/exec.ts";
import type { Manifest } from "../manifest/schema.ts";
import { HoldfastError } from "../values/error.ts";
import { ageStore } from "./age-store.ts";
import type { Layout } from "./layout.ts";
import type { SecretStore } from "./secret-store.ts";

/** The config's `secrets`, with absolute paths. */
interface SecretSettings {
	/** Files `MACHINE/NAME.age`. */
	readonly folder: string;
	/** Age identities that decrypt them; created on first use. */
	readonly identity: string;
	/** Instead of both: a command, run with the secret's name as its last argument. */
	readonly get?: readonly string[] | undefined;
	/** The command that stores a secret, which it gets on standard input. */
	readonly set?: readonly string[] | undefined;
}

export interface WantedSecret extends UsedSecret {
	/** The name in the store: `web01/borg`. */
	readonly name: string;
}

/** A file with a secret that destinations use, and these destinations as text. */
interface UsedSecret {
	readonly path: string;
	readonly kind: SecretFile["kind"];
	readonly of: readonly string[];
}

/** Passphrases and SSH keys that destinations use. */
export function secretFilesOf({ providers }: Manifest): UsedSecret[] {
	const used = new Map<string, UsedSecret>();
	for (const [provider, options] of Object.entries(providers)) {
		const { secretsOf = () => [] } = engineOf(options);
		for (const [name, destination] of Object.entries(destinationsIn(options)))
			for (const { path, kind } of secretsOf(destination))
				used.set(path, { path, kind, of: [...(used.get(path)?.of ?? []), `${provider}/${name}`] });
	}
	return [...used.values()];
}

/** Those in Holdfast's own secrets folder. Others are not managed. */
export function wantedSecrets(manifest: Manifest, { secrets }: Layout): WantedSecret[] {
	return secretFilesOf(manifest)
		.filter(({ path }) => dirname(path) === secrets)
		.map((one) => ({ name: `${manifest.machine}/${basename(one.path)}`, ...one }));
}

export function makeSecret(kind: WantedSecret["kind"], comment: string): string {
	if (kind === "passphrase") return `${randomBytes(24).toString("base64url")}\n`;
	// The key format is OpenSSH's own, so ssh-keygen creates it.
	const folder = mkdtempSync(join(tmpdir(), "holdfast-key-"));
	try {
		const file = join(folder, "key");
		execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", file], {
			stdio: "pipe",
		});
		return readFileSync(file, "utf8");
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** The public key, in the form of authorized_keys. */
export function publicKeyOf(privateKey: string): string {
	const folder = mkdtempSync(join(tmpdir(), "holdfast-key-"));
	try {
		const file = join(folder, "key");
		writeFileSync(file, privateKey, { mode: 0o600 });
		return execFileSync("ssh-keygen", ["-y", "-f", file], { encoding: "utf8", stdio: "pipe" }).trim();
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

export function openStore(settings: SecretSettings): SecretStore {
	return settings.get && settings.set ? toolStore(settings.get, settings.set) : ageStore(settings);
}

function toolStore(get: readonly string[], set: readonly string[]): SecretStore {
	const fault = (
		verb: string,
		name: string,
		argv: readonly string[],
		stderr: readonly string[],
		end: string,
	) =>
		new HoldfastError("secret-unreadable", `${argv[0]}, which should ${verb} the secret ${name}, ${end}`, {
			subject: name,
			details: stderr,
		});
	return {
		place: `${set[0]}`,
		async get(name) {
			const result = await execText([...get, name], { timeoutSeconds: 120 });
			if (result.code === 0) return result.text === "" ? undefined : result.text;
			// Most tools fail with such a message if they do not know a name.
			if (result.code === 1) return undefined;
			throw fault("tell", name, get, result.stderr, describeEnd(result));
		},
		// Only the tool knows.
		requireReady: async () => {},
		async set(name, value) {
			const result = await exec([...set, name], { input: value, timeoutSeconds: 120 });
			if (result.code !== 0) throw fault("keep", name, set, result.stderr, describeEnd(result));
		},
	};
}
