// Mastodon. Losing its Redis data is "almost harmless": queues, and feeds that tootctl can rebuild. The module redis can
// back it up. Facts: mastodon/documentation content/en/admin/{install,backups}.md; NixOS/nixpkgs
// nixos/modules/services/web-apps/mastodon.nix: its targets hold web, every sidekiq process and every streaming process,
// its secrets are below /var/lib/mastodon, and its web process listens on a socket.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { defineModule } from "../module.ts";
import { asks, database, databaseOf, folderHere, healthHere, orUsual, unitsHere } from "../options.ts";
import { within } from "../within.ts";

const UPLOADS = {
	debian: "/home/mastodon/live/public/system",
	nixos: "/var/lib/mastodon/public-system",
};
const SECRETS = {
	debian: ["/home/mastodon/live/.env.production"],
	nixos: ["/var/lib/mastodon/secrets", "/var/lib/mastodon/.secrets_env"],
};
const UNITS = {
	debian: ["mastodon-web.service", "mastodon-sidekiq.service", "mastodon-streaming.service"],
	nixos: ["mastodon.target", "mastodon-streaming.target"],
};
const HEALTH = { debian: "http://localhost:3000/health", nixos: false as const };
const NAME = { debian: "mastodon_production", nixos: "mastodon" };

export const mastodon = defineModule({
	name: "mastodon",
	about: "Mastodon: the database, the users' uploads, and the secrets without which both are useless",
	sources: [
		"https://docs.joinmastodon.org/admin/backups/",
		"https://github.com/NixOS/nixpkgs/blob/master/nixos/modules/services/web-apps/mastodon.nix",
	],
	uses: ["postgresql"],
	options: v.strictObject({
		uploads: folderHere(UPLOADS, "the users' uploads"),
		secrets: v.pipe(
			v.optional(v.array(f.folder)),
			v.description(
				`the files and folders with its secrets (default ${SECRETS.debian}, on NixOS ${SECRETS.nixos.join(", ")})`,
			),
		),
		database: database({ type: "postgresql", name: NAME.debian }, undefined, ["postgresql"]),
		units: unitsHere(UNITS),
		health: healthHere(HEALTH),
	}),
	yields({ uploads, secrets, database, units, health }, { nixos }) {
		const media = orUsual(uploads, UPLOADS, nixos);
		const name = nixos && database.name === NAME.debian ? NAME.nixos : database.name;
		const { dumps, services } = databaseOf("mastodon", { ...database, name });
		return {
			state: {
				mastodon: {
					folders: [media, ...orUsual(secrets, SECRETS, nixos)],
					// Copies of media from other servers.
					exclude: within(media, "cache"),
					dumps,
					stopOnRestore: orUsual(units, UNITS, nixos),
					healthChecks: asks(orUsual(health, HEALTH, nixos)),
				},
			},
			services,
		};
	},
	found: ({ units, has, nixos }) => {
		const own = units.filter((unit) => /^mastodon-(web|sidekiq|streaming)\b.*\.service$/.test(unit));
		// Its timer starts it daily, where it is enabled.
		const removal = "mastodon-media-auto-remove.service";
		if (nixos) return has(`/etc/systemd/system/${removal}`) ? { units: [...UNITS.nixos, removal] } : {};
		return own.length === 0 || own.toSorted().join() === UNITS.debian.toSorted().join() ? {} : { units: own };
	},
	signs: { units: ["mastodon-web.service"] },
	proven: "stand-in",
});
