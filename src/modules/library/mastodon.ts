// Mastodon. Losing its Redis data is "almost harmless": queues, and feeds that tootctl can rebuild. The module redis can
// back it up.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { defineModule } from "../module.ts";
import { asks, database, databaseOf, folder, health, units } from "../options.ts";
import { within } from "../within.ts";

export const mastodon = defineModule({
	name: "mastodon",
	about: "Mastodon: the database, the users' uploads, and the secrets without which both are useless",
	sources: ["https://docs.joinmastodon.org/admin/backups/"],
	uses: ["postgresql"],
	options: v.strictObject({
		uploads: folder("/home/mastodon/live/public/system", "the users' uploads"),
		secrets: v.pipe(
			v.optional(v.array(f.folder), ["/home/mastodon/live/.env.production"]),
			v.description("the files with its secrets (default /home/mastodon/live/.env.production)"),
		),
		database: database({ type: "postgresql", name: "mastodon_production" }),
		units: units(["mastodon-web.service", "mastodon-sidekiq.service", "mastodon-streaming.service"]),
		health: health("http://127.0.0.1:3000/health"),
	}),
	yields({ uploads, secrets, database, units, health }) {
		const { dumps, services } = databaseOf("mastodon", database);
		return {
			state: {
				mastodon: {
					folders: [uploads, ...secrets],
					// Copies of media from other servers.
					exclude: within(uploads, "cache"),
					dumps,
					stopOnRestore: units,
					healthChecks: asks(health),
				},
			},
			services,
		};
	},
	signs: { units: ["mastodon-web.service"] },
	proven: "stand-in",
});
