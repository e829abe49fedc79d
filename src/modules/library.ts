// The modules that come with Holdfast. To add one, add a file in library/ and a line here.

import type * as v from "valibot";
import { acme } from "./library/acme.ts";
import { actual } from "./library/actual.ts";
import { adguardHome } from "./library/adguard-home.ts";
import { alertmanager } from "./library/alertmanager.ts";
import { audiobookshelf } from "./library/audiobookshelf.ts";
import { bind } from "./library/bind.ts";
import { caddy } from "./library/caddy.ts";
import { deluge } from "./library/deluge.ts";
import { dovecot } from "./library/dovecot.ts";
import { fireflyIii } from "./library/firefly-iii.ts";
import { folders } from "./library/folders.ts";
import { forgejo, gitea } from "./library/forgejo.ts";
import { freshrss } from "./library/freshrss.ts";
import { garage } from "./library/garage.ts";
import { grafana } from "./library/grafana.ts";
import { grocy } from "./library/grocy.ts";
import { headscale } from "./library/headscale.ts";
import { homeAssistant } from "./library/home-assistant.ts";
import { immich } from "./library/immich.ts";
import { jellyfin } from "./library/jellyfin.ts";
import { karakeep } from "./library/karakeep.ts";
import { letsencrypt } from "./library/letsencrypt.ts";
import { loki } from "./library/loki.ts";
import { mariadb } from "./library/mariadb.ts";
import { mastodon } from "./library/mastodon.ts";
import { matrixSynapse } from "./library/matrix-synapse.ts";
import { mattermost } from "./library/mattermost.ts";
import { memos } from "./library/memos.ts";
import { mosquitto } from "./library/mosquitto.ts";
import { n8n } from "./library/n8n.ts";
import { navidrome } from "./library/navidrome.ts";
import { nextcloud } from "./library/nextcloud.ts";
import { ntfy } from "./library/ntfy.ts";
import { openWebui } from "./library/open-webui.ts";
import { paperless } from "./library/paperless.ts";
import { piHole } from "./library/pi-hole.ts";
import { postfix } from "./library/postfix.ts";
import { postgresql } from "./library/postgresql.ts";
import { prometheus } from "./library/prometheus.ts";
import { prosody } from "./library/prosody.ts";
import { qbittorrent } from "./library/qbittorrent.ts";
import { radicale } from "./library/radicale.ts";
import { redis, valkey } from "./library/redis.ts";
import { slapd } from "./library/slapd.ts";
import { prowlarr, radarr, sonarr } from "./library/sonarr.ts";
import { sqlite } from "./library/sqlite.ts";
import { stepCa } from "./library/step-ca.ts";
import { syncthing } from "./library/syncthing.ts";
import { systemdService } from "./library/systemd-service.ts";
import { uptimeKuma } from "./library/uptime-kuma.ts";
import { vaultwarden } from "./library/vaultwarden.ts";
import { volumes } from "./library/volumes.ts";
import { wireguard } from "./library/wireguard.ts";
import { wordpress } from "./library/wordpress.ts";
import { zerotier } from "./library/zerotier.ts";
import type { Module } from "./module.ts";

const MODULES = [
	acme,
	actual,
	adguardHome,
	alertmanager,
	audiobookshelf,
	bind,
	caddy,
	deluge,
	dovecot,
	fireflyIii,
	folders,
	forgejo,
	freshrss,
	garage,
	gitea,
	grafana,
	grocy,
	headscale,
	homeAssistant,
	immich,
	jellyfin,
	karakeep,
	letsencrypt,
	loki,
	mariadb,
	mastodon,
	matrixSynapse,
	mattermost,
	memos,
	mosquitto,
	n8n,
	navidrome,
	nextcloud,
	ntfy,
	openWebui,
	paperless,
	piHole,
	postfix,
	postgresql,
	prometheus,
	prosody,
	prowlarr,
	qbittorrent,
	radarr,
	radicale,
	redis,
	slapd,
	sonarr,
	sqlite,
	stepCa,
	syncthing,
	systemdService,
	uptimeKuma,
	valkey,
	vaultwarden,
	volumes,
	wireguard,
	wordpress,
	zerotier,
] as const;

type Known = (typeof MODULES)[number];
/** The options under `services`, by module. */
export type LibraryServices = { readonly [M in Known as M["name"]]?: v.InferInput<M["options"]> | null };

/** By name. */
export const LIBRARY: ReadonlyMap<string, Module> = new Map(
	(MODULES as unknown as readonly Module[]).map((module) => [module.name, module]),
);
