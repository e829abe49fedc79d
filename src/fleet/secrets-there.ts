// The secrets that a machine needs: taken from the store, newly created, or left as they are there.
import { createHash } from "node:crypto";
import { HoldfastError } from "../values/error.ts";
import type { Secret } from "./deployment.ts";
import type { Place } from "./place.ts";
import type { SecretStore } from "./secret-store.ts";
import { makeSecret, publicKeyOf, type WantedSecret } from "./secrets.ts";
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
	{
		served,
		deployed,
	}: {
		/** Keys that a deploy to their server authorizes. */
		readonly served: ReadonlySet<string>;
		/** Paths of files that an earlier deploy put there. */
		readonly deployed: ReadonlySet<string>;
	},
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
		if (known === undefined && isThere && deployed.has(secret.path))
			throw lost(secret, target.machine, store);
		if (known === undefined && isThere) {
			lines.push(`  ${secret.path} exists, and no deploy has made it: it is not changed`);
			continue;
		}
		if (known === undefined) await store.requireReady();
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

/** A deploy has made it, so the store once knew it. */
function lost({ name, path, of }: WantedSecret, machine: string, { place }: SecretStore): HoldfastError {
	return new HoldfastError(
		"secret-mismatch",
		`the secret ${name}, which an earlier deploy installed on ${machine}, is not in ${place}: nothing was changed`,
		{
			subject: path,
			details: [`on ${machine} it is ${path}, for ${of.join(", ")}`],
			hint: `restore ${place} from your copy; if the machine was renamed, rename its folder there; or store the secret of ${machine} there yourself. To replace it, delete it on ${machine} and deploy again`,
		},
	);
}

function sha256(value: string): string {
	return createHash("sha256").update(value).digest("hex");
}
