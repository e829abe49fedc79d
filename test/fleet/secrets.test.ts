// Secrets are made once and never lost: what cannot be read again is not stored, and what is somewhere else is not replaced.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { generateHybridIdentity, generateX25519Identity } from "age-encryption";
import { accountOf } from "../../src/fleet/borg-server.ts";
import { layoutOf } from "../../src/fleet/layout.ts";
import type { Place } from "../../src/fleet/place.ts";
import { makeSecret, openStore, publicKeyOf } from "../../src/fleet/secrets.ts";
import { secretsFor } from "../../src/fleet/secrets-there.ts";
import { targetHere } from "../../src/fleet/target.ts";
import type { Manifest } from "../../src/manifest/schema.ts";
import { scratch } from "../support/scratch.ts";

const below = scratch("secrets");
let count = 0;

/** A store with this text as its identity file, or none yet. */
function storeWith(text?: string) {
	const folder = join(below, String(++count));
	mkdirSync(folder);
	const identity = join(folder, "age.key");
	if (text !== undefined) writeFileSync(identity, text, { mode: 0o600 });
	const secrets = join(folder, "secrets");
	return { identity, secrets, store: openStore({ folder: secrets, identity }) };
}

describe("an age identity", () => {
	const sshKey = () => {
		const file = join(below, `ssh-${++count}`);
		execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
		return readFileSync(file, "utf8");
	};
	for (const [name, text, said] of [
		["is empty", "", /contains no age identity/],
		["holds comments only", "# created: 2026\n# public key: age1x\n", /contains no age identity/],
		[
			"is of a plugin",
			"AGE-PLUGIN-YUBIKEY-1QYPQ\n",
			/contains an identity of an age plugin, which is not supported/,
		],
		["is an SSH key", sshKey(), /contains an SSH key, which is not supported/],
		["is encrypted", "-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n", /identity encrypted with a passphrase/],
		["is a recipient", "age1qqqq\n", /contains a public key/],
		["is damaged", "AGE-SECRET-KEY-1QYPQ\n", /contains a damaged AGE-SECRET-KEY/],
		["is one of ours and one of a plugin", undefined, /contains an identity of an age plugin/],
	] as const)
		test(`that ${name} is refused, and nothing is stored`, async () => {
			const { store, secrets } = storeWith(
				text ?? `${await generateX25519Identity()}\nAGE-PLUGIN-YUBIKEY-1QYPQ\n`,
			);
			const refused = (error: Error) =>
				said.test(error.message) && /AGE-SECRET-KEY-…[\s\S]*get:/.test(String(Reflect.get(error, "hint")));
			await assert.rejects(store.requireReady(), refused);
			await assert.rejects(store.set("web01/borg", "secret"), refused);
			assert.equal(existsSync(secrets), false);
		});

	for (const [name, make] of [
		["X25519", generateX25519Identity],
		["post-quantum", generateHybridIdentity],
	] as const)
		test(`of age-keygen is used: ${name}`, async () => {
			const { store } = storeWith(`# created: 2026\r\n${await make()}\r\n\n`);
			await store.requireReady();
			await store.set("web01/borg", "secret\n");
			assert.equal(await store.get("web01/borg"), "secret\n");
		});

	test("is made on first use, and not where secrets for another one are", async () => {
		const { store, identity, secrets } = storeWith();
		await store.requireReady();
		assert.equal(existsSync(identity), false);
		await store.set("web01/borg", "secret");
		assert.equal(await store.get("web01/borg"), "secret");
		assert.equal(statSync(identity).mode & 0o777, 0o600);
		const other = openStore({ folder: secrets, identity: `${identity}.lost` });
		await assert.rejects(
			other.requireReady(),
			/the age identity .*lost does not exist, but the secrets are encrypted/,
		);
		await assert.rejects(other.set("web01/other", "secret"), /the age identity .* does not exist/);
		assert.equal(existsSync(`${identity}.lost`), false);
	});

	test("a secret is replaced by renaming: a reader has one or the other", async () => {
		const { store, secrets } = storeWith();
		await store.set("web01/borg", "one");
		const file = join(secrets, "web01/borg.age");
		const { ino } = statSync(file);
		await store.set("web01/borg", "two");
		assert.notEqual(statSync(file).ino, ino);
		assert.equal(statSync(file).mode & 0o777, 0o600);
		assert.deepEqual(readdirSync(dirname(file)), ["borg.age"]);
		assert.equal(await store.get("web01/borg"), "two");
	});
});

describe("a store that knows nothing of what is there", () => {
	/** A machine that is this one, with its secrets in a folder. */
	function place() {
		const folder = join(below, String(++count));
		const layout = { ...layoutOf(), secrets: join(folder, "secrets") };
		mkdirSync(layout.secrets, { recursive: true });
		return { layout, target: targetHere("web01") } as Place;
	}
	const wantedIn = ({ layout }: Place) => [
		{
			name: "web01/borgbackup-nas.key",
			path: join(layout.secrets, "borgbackup-nas.key"),
			kind: "ssh-key" as const,
			of: ["borgbackup/nas"],
		},
	];

	test("a key that a deploy put there stops the next one, with what to do", async () => {
		const there = place();
		const wanted = wantedIn(there);
		const [{ path } = { path: "" }] = wanted;
		const { store } = storeWith();
		const nobody = { served: new Set<string>(), deployed: new Set<string>() };
		const first = await secretsFor(there, wanted, store, nobody);
		await first.keep();
		writeFileSync(path, first.values[0]?.value ?? "");
		const after = { served: new Set<string>(), deployed: new Set([path]) };
		assert.deepEqual((await secretsFor(there, wanted, store, after)).lines, []);
		const lost = storeWith();
		await assert.rejects(secretsFor(there, wanted, lost.store, after), (error: Error) => {
			assert.match(
				error.message,
				/the secret web01\/borgbackup-nas.key, which an earlier deploy installed on web01, is not in/,
			);
			assert.match(
				String(Reflect.get(error, "hint")),
				/restore .*secrets from your copy.*was renamed.*delete it on web01/,
			);
			return true;
		});
		assert.equal(existsSync(lost.secrets), false);
	});

	test("a key that its owner put there is left alone, and that is said", async () => {
		const there = place();
		const wanted = wantedIn(there);
		writeFileSync(wanted[0]?.path ?? "", "own");
		const nobody = { served: new Set<string>(), deployed: new Set<string>() };
		const { values, lines } = await secretsFor(there, wanted, storeWith().store, nobody);
		assert.deepEqual(values, []);
		assert.match(lines.join("\n"), /exists, and no deploy has made it: it is not changed/);
	});

	test("nothing is made where it could not be stored", async () => {
		const there = place();
		const nobody = { served: new Set<string>(), deployed: new Set<string>() };
		const { store } = storeWith("# nothing\n");
		await assert.rejects(secretsFor(there, wantedIn(there), store, nobody), /contains no age identity/);
		const server = { machine: "nas", borgServer: {} } as Manifest;
		const clients = [{ machine: "web01", secret: "web01/borgbackup-nas.key" }];
		await assert.rejects(
			accountOf(server, clients, ["nas", "web01"], store, async () => undefined),
			/contains no age identity/,
		);
	});

	test("a backup server's key of a machine is not replaced; one that the store knows stays", async () => {
		const server = { machine: "nas", borgServer: {} } as Manifest;
		const secret = "web01/borgbackup-nas.key";
		const clients = [{ machine: "web01", secret }];
		const { store } = storeWith();
		const none = async () => undefined;
		const first = await accountOf(server, clients, ["nas", "web01"], store, none);
		await first.keep();
		const keys = first.keys.text;
		const accepted = async (path: string) => {
			assert.equal(path, "/var/lib/holdfast-borg/.ssh/authorized_keys");
			return keys;
		};
		assert.equal((await accountOf(server, clients, ["nas", "web01"], store, accepted)).keys.text, keys);
		const key = await store.get(secret);
		assert.ok(key !== undefined && keys.includes(publicKeyOf(key)));
		await assert.rejects(
			accountOf(server, clients, ["nas", "web01"], storeWith().store, accepted),
			(error: Error) => {
				assert.match(
					error.message,
					/the key web01\/.* is not in .*, but nas accepts a key of web01: nothing was changed/,
				);
				assert.match(
					String(Reflect.get(error, "hint")),
					/restore .*secrets from your copy.*its line in .*authorized_keys on nas/,
				);
				return true;
			},
		);
		const restored = storeWith();
		await restored.store.set(secret, makeSecret("ssh-key", secret));
		await assert.rejects(
			accountOf(server, clients, ["nas", "web01"], restored.store, accepted),
			/nas accepts another key of web01 than the key web01\/.*: nothing was changed/,
		);
		// Another machine, whose name begins alike, has no key there yet. The config does not know web01: it may be another
		// operator's, or be deployed under that name still.
		const others = [{ machine: "web0", secret: "web0/borgbackup-nas.key" }];
		const both = await accountOf(server, others, ["nas", "web0"], storeWith().store, accepted);
		assert.deepEqual(both.others, ["web01"]);
		assert.match(both.keys.text, /holdfast-borg\/web0 [^\n]*\n[^\n]*holdfast-borg\/web01 /);
		assert.ok(both.keys.text.endsWith(keys.split("\n").slice(1).join("\n")), "as it was");
		// It knows web01, whose destination is elsewhere by now.
		const moved = await accountOf(server, others, ["nas", "web0", "web01"], storeWith().store, accepted);
		assert.deepEqual([moved.others, moved.gone], [[], ["web01"]]);
		assert.doesNotMatch(moved.keys.text, /web01/);
		const open = { ...server, borgServer: { appendOnly: false } } as Manifest;
		assert.doesNotMatch(
			(await accountOf(open, others, ["nas", "web0"], store, accepted)).keys.text,
			/append-only/,
		);
	});
});
