// The part of a provider's contract about archives that are whole or damaged.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Engine } from "./engines.ts";
import { type Bench, intoFolder, metadataOf, quiet } from "./fixtures.ts";

/** `whole`: for tests of our own code, which a brief engine skips. */
export function detectsDamage(engine: Engine, scratch: string, setUp: () => Bench, whole: typeof test): void {
	test("what is whole passes both checks, and details tells its size", async () => {
		const { destination, roots } = setUp();
		await destination.create({ name: "a", roots, metadata: metadataOf("a") }, true, quiet);
		assert.deepEqual(await destination.check(false, quiet), []);
		assert.deepEqual(await destination.check(true, quiet), []);
		assert.ok(((await destination.details("a", quiet)).bytes ?? 0) > 0);
	});

	whole("it says whether it detects damage, and what says so is tried", () => {
		assert.equal(engine.open(scratch).detectsDamage, engine.damage !== undefined);
	});

	const { damage } = engine;
	if (damage)
		whole("a full check finds damage, and says where or what", async () => {
			const { folder, destination, roots } = setUp();
			await destination.create({ name: "a", roots, metadata: metadataOf("a") }, true, quiet);
			damage(folder, "a");
			const problems = await destination.check(true, quiet);
			assert.ok(problems.length > 0);
			for (const { message } of problems) assert.notEqual(message, "");
		});
	if (damage)
		whole("a damaged archive is not restored as if it were whole", async () => {
			const { folder, source, destination, roots } = setUp();
			await destination.create({ name: "a", roots, metadata: metadataOf("a") }, true, quiet);
			damage(folder, "a");
			mkdirSync(join(folder, "into"));
			await assert.rejects(destination.restore("a", [source], intoFolder(join(folder, "into")), quiet));
		});
}
