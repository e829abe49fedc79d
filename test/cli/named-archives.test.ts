// Which archives a name, or the beginning of one, may mean.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Listing } from "../../src/plan/archives.ts";
import { archivesNamed } from "../../src/plan/named-archives.ts";

function listing(names: readonly string[], recorded: readonly string[] = []): Listing {
	const archives = names.map((name) => ({
		...{ name, id: `usb::/usb::${name}`, machine: "web01", provider: "tar", destination: "usb" },
		...(recorded.includes(name) ? { recorded: true as const } : {}),
	}));
	return { archives, problems: [], failures: [], lost: [], others: [] };
}
const named = (all: Listing, wanted: string) => archivesNamed(all, wanted).map(({ name }) => name);

test("a beginning holds more than the machine's name", () => {
	const all = listing(["web01-2026-a", "nightly-7"]);
	for (const short of ["", "w", "web01", "web01-", "nig"])
		assert.throws(() => named(all, short), /is too short to name an archive/, short);
	assert.deepEqual(named(all, "web01-2"), ["web01-2026-a"]);
	assert.deepEqual(named(all, "nigh"), ["nightly-7"]);
	assert.deepEqual(named(all, "other"), []);
});

test("archives that this machine recorded go before others", () => {
	const all = listing(["web01-2026-a", "web01-2026-b"], ["web01-2026-a"]);
	assert.deepEqual(named(all, "web01-2026"), ["web01-2026-a"]);
	assert.deepEqual(named(all, "web01-2026-b"), ["web01-2026-b"]);
	assert.throws(
		() => named(listing(["web01-2026-a", "web01evil"], ["web01-2026-a"]), "web01"),
		/is too short to name an archive/,
	);
});

test("a beginning means nothing while a destination cannot be listed; a name and an id do", () => {
	const error = { message: "it is unplugged" };
	const all = { ...listing(["web01-2026-a"]), failures: [{ provider: "tar", destination: "off", error }] };
	assert.throws(() => named(all, "web01-2"), /other archives may begin with "web01-2": tar\/off could not/);
	assert.deepEqual(named(all, "web01-2026-a"), ["web01-2026-a"]);
	assert.deepEqual(named(all, "usb::/usb::web01-2026-a"), ["web01-2026-a"]);
});
