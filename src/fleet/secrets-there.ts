// The secrets that a machine needs: taken from the store, newly created, or left as they are there.
import { createHash } from "node:crypto";
import { HoldfastError } from "../values/error.ts";
import type { Secret } from "./deployment.ts";
import type { Place } from "./place.ts";
import { makeSecret, publicKeyOf, type SecretStore, type WantedSecret } from "./secrets.ts";
import { hashesOf } from "./target.ts";

export interface SecretsThere {
	readonly values: readonly Secret[];
	/** Shown before anything is done. */
	readonly lines: readonly string[];
	/** Lines about what the user must pass on to somebody else, once it is done. */
	readonly told: readonly string[];
	/** Put newly created secrets into the store. */
	keep(): Promise<void>;
}

/** Nothing is stored before the user has confirmed. */
export async function secretsFor(
	{ target }: Place,
	wanted: readonly WantedSecret[],
	store: SecretStore,
	/** Keys that a deploy to their server authorizes. */
	served: ReadonlySet<string>,
): Promise<SecretsThere> {
	const there = await hashesOf(
		target,
		wanted.map(({ path }) => path),
	);
	const values: (Secret & WantedSecret)[] = [];
	const made: (Secret & WantedSecret)[] = [];
	const lines: string[] = [];
	for (const secret of wanted) {
		const known = await store.get(secret.name);
		const isThere = there.has(secret.path);
		if (known === undefined && isThere) {
			lines.push(`  ${secret.path} exists but is not in ${store.place}: it is not changed`);
			continue;
		}
		const value = known ?? makeSecret(secret.kind, secret.name);
		if (known === undefined) {
			made.push({ ...secret, value });
			lines.push(
				`  ${secret.path} is created (${secret.kind} of ${secret.of.join(", ")}) and stored in ${store.place}`,
			);
		} else if (isThere && there.get(secret.path) !== sha256(value))
			throw new HoldfastError(
				"secret-mismatch",
				`the secret at ${secret.path} on ${target.machine} differs from the one in ${store.place}; nothing was changed`,
				{
					subject: secret.path,
					details: [`it is for ${secret.of.join(", ")}; with the wrong one, no archive there can be read`],
					hint: "find out which one is right, then delete the other",
				},
			);
		values.push({ ...secret, value });
	}
	return {
		values,
		lines,
		keep: async () => {
			for (const { name, value } of made) await store.set(name, value);
		},
		told: made
			.filter(({ kind, name }) => kind === "ssh-key" && !served.has(name))
			.flatMap(({ of, value }) => [
				`the backup server of ${of.join(", ")} must accept this key:`,
				publicKeyOf(value),
			]),
	};
}

function sha256(value: string): string {
	return createHash("sha256").update(value).digest("hex");
}
