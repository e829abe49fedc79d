// The modules that come with Holdfast. To add one, add a file in library/ and a line here.

import type * as v from "valibot";
import { acme } from "./library/acme.ts";
import { dovecot } from "./library/dovecot.ts";
import { folders } from "./library/folders.ts";
import { forgejo, gitea } from "./library/forgejo.ts";
import { garage } from "./library/garage.ts";
import { grafana } from "./library/grafana.ts";
import { headscale } from "./library/headscale.ts";
import { homeAssistant } from "./library/home-assistant.ts";
import { immich } from "./library/immich.ts";
import { jellyfin } from "./library/jellyfin.ts";
import { letsencrypt } from "./library/letsencrypt.ts";
import { mariadb } from "./library/mariadb.ts";
import { mastodon } from "./library/mastodon.ts";
import { matrixSynapse } from "./library/matrix-synapse.ts";
import { mosquitto } from "./library/mosquitto.ts";
import { nextcloud } from "./library/nextcloud.ts";
import { paperless } from "./library/paperless.ts";
import { postgresql } from "./library/postgresql.ts";
import { prometheus } from "./library/prometheus.ts";
import { redis, valkey } from "./library/redis.ts";
import { sqlite } from "./library/sqlite.ts";
import { systemdService } from "./library/systemd-service.ts";
import { vaultwarden } from "./library/vaultwarden.ts";
import { volumes } from "./library/volumes.ts";
import { wireguard } from "./library/wireguard.ts";
import { zerotier } from "./library/zerotier.ts";
import type { Module } from "./module.ts";

const MODULES = [
	acme,
	dovecot,
	folders,
	forgejo,
	garage,
	gitea,
	grafana,
	headscale,
	homeAssistant,
	immich,
	jellyfin,
	letsencrypt,
	mariadb,
	mastodon,
	matrixSynapse,
	mosquitto,
	nextcloud,
	paperless,
	postgresql,
	prometheus,
	redis,
	sqlite,
	systemdService,
	valkey,
	vaultwarden,
	volumes,
	wireguard,
	zerotier,
] as const;

type Known = (typeof MODULES)[number];
/** The options under `services`, by module. */
export type LibraryServices = { readonly [M in Known as M["name"]]?: v.InferInput<M["options"]> | null };

/** By name. */
export const LIBRARY: ReadonlyMap<string, Module> = new Map(
	(MODULES as unknown as readonly Module[]).map((module) => [module.name, module]),
);
