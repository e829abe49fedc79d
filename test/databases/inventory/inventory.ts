// Make one of each kind of thing that a server knows, back the database up, drop everything, restore it, and compare: on the
// same server, over what is live, and on a new server of another machine.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { Place } from "../../support/place.ts";
import type { TestServer } from "../../support/servers.ts";
import type { Row } from "./row.ts";

type Server = Omit<TestServer, "port">;

export interface Inventory<S extends Server = TestServer> {
	readonly name: string;
	readonly rows: readonly Row[];
	readonly skip?: string | undefined;
	/** A folder for the program's files. */
	readonly scratch: string;
	start(): Promise<S>;
	/** What an admin sets up on a new server, and the database `app`. */
	prepare(server: S): void;
	version(server: S): number;
	dump(server: S): object;
	/** Drop the database `app` and all its accounts. */
	drop(server: S): void;
}

export function comesBack<S extends Server>(inventory: Inventory<S>): void {
	test(`${inventory.name}: everything that its manual knows comes back as the table says`, {
		skip: inventory.skip,
	}, async () => {
		const server = await inventory.start();
		inventory.prepare(server);
		const version = inventory.version(server);
		const known = inventory.rows.filter(
			({ since = 0, until = version }) => since <= version && version <= until,
		);
		const rows = known.filter(({ comes }) => comes !== "refused");
		for (const { kind, comes, make, shows, said, unsaid } of rows) {
			if (comes === "not") assert.notEqual(said?.create === undefined, unsaid === undefined, kind);
			try {
				const made = server.sql("app", comes === "not" ? `${make};\n${shows}` : make);
				if (comes === "not") assert.notEqual(made, "", `${kind}: it is not there`);
			} catch (error) {
				throw new Error(`${kind}: ${(error as Error).message}`);
			}
		}
		const losses = () =>
			rows.flatMap(({ kind, lost }) => (lost !== undefined && answer(server, lost) !== "" ? [kind] : []));
		assert.deepEqual(
			losses(),
			rows.filter(({ lost }) => lost !== undefined).map(({ kind }) => kind),
		);
		const shown = () =>
			new Map(
				rows.filter(({ comes }) => comes !== "not").map(({ kind, shows }) => [kind, answer(server, shows)]),
			);
		const place = new Place(inventory.scratch);
		place.declare({ state: { app: { dumps: [inventory.dump(server)] } } });
		const holdfast = async (...words: string[]) => {
			const { code, stdout, stderr } = await place.holdfast(...words);
			assert.equal(code, 0, stdout + stderr);
			return stderr;
		};
		const old = shown();
		for (const [kind, text] of old) assert.notEqual(text, "", `${kind}: nothing is shown`);
		const same = (where: string, isNew = false) => {
			assert.deepEqual(losses(), [], where);
			const differing = [...shown()].filter(
				([kind, text]) =>
					text !== old.get(kind) && !(isNew && rows.some((row) => row.kind === kind && row.sameServer)),
			);
			assert.deepEqual(
				Object.fromEntries(differing),
				Object.fromEntries(differing.map(([kind]) => [kind, old.get(kind)])),
				where,
			);
		};
		const says = (words: string, when: "create" | "restore") => {
			for (const { kind, said } of rows) if (said?.[when]) assert.match(words, said[when], kind);
		};
		says(await holdfast("create"), "create");
		await holdfast("restore", "--yes", "tar", "latest");
		same("over what is live");
		inventory.drop(server);
		await holdfast("restore", "--yes", "tar", "latest");
		same("after everything was dropped");
		await server.renew();
		rmSync(place.path("state"), { recursive: true });
		says(await holdfast("restore", "--yes", "--trust-archive", "tar", "latest"), "restore");
		same("on a new server", true);
		for (const { kind, shows } of rows.filter(({ comes }) => comes === "not"))
			assert.match(answer(server, shows), /^$|^failed: .* (does not|doesn't) exist$/, kind);
		for (const { kind, make, undo = "", said } of known.filter(({ comes }) => comes === "refused")) {
			server.sql("app", make);
			const { code, stderr } = await place.holdfast("create");
			assert.notEqual(code, 0, kind);
			assert.match(stderr, said?.create ?? /^$/, kind);
			server.sql("app", undo);
		}
	});
}

function answer(server: Server, query: string): string {
	try {
		return server.sql("app", query);
	} catch (error) {
		return `failed: ${(error as Error).message.split("\n").at(-2)}`;
	}
}
