// Which servers the tests start: those of this machine, or with HOLDFAST_SERVERS=trixie those of Debian 13.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { elsewhere } from "../elsewhere/elsewhere.ts";
import { installed } from "../elsewhere/installed.ts";

const PROJECT = join(import.meta.dirname, "../..");
const POSTGRESQL = "/usr/lib/postgresql";
const MARIADBD = "/usr/sbin/mariadbd";

export type Suite = "trixie";
export const chosenSuite: Suite | undefined =
	process.env.HOLDFAST_SERVERS === "trixie" ? "trixie" : undefined;

export const areServersHere = existsSync(POSTGRESQL) && existsSync(MARIADBD);
const newer = {
	postgresql: () => elsewhere("trixie", "postgresql-17"),
	mariadb: () => elsewhere("trixie", "mariadb-server-core", "mariadb-client-core"),
};
/** Why Debian 13's cannot be had, or undefined if they can. */
export const noNewer = (): string | undefined => newer.postgresql().missing ?? newer.mariadb().missing;

/** The folder of its programs. `into`: a folder that the server's user can pass through. */
export function postgresqlPrograms(into: string, suite: Suite | undefined): string {
	if (suite === undefined) return join(POSTGRESQL, readdirSync(POSTGRESQL).sort().at(-1) ?? "", "bin");
	const folder = "usr/lib/postgresql/17";
	const files = [`${folder}/lib`, "usr/share"];
	return join(installed(newer.postgresql().below(PROJECT), into, [`${folder}/bin`], files), `${folder}/bin`);
}

export interface MariadbPrograms {
	readonly install: string;
	readonly server: string;
	/** Where its clients are, if not where this machine has them. */
	readonly clients?: string;
}

export function mariadbPrograms(into: string, suite: Suite | undefined): MariadbPrograms {
	if (suite === undefined) return { install: "mariadb-install-db", server: MARIADBD };
	const files = ["usr/lib/mysql", "usr/share"];
	const root = installed(newer.mariadb().below(PROJECT), into, ["usr/bin", "usr/sbin"], files);
	const usr = join(root, "usr");
	const clients = join(into, "clients");
	mkdirSync(clients);
	for (const name of readdirSync(join(usr, "bin")).filter((name) => /^(mariadb|mysql)/.test(name)))
		writeFileSync(join(clients, name), `#!/bin/sh\nexec '${join(usr, "bin", name)}' "$@"\n`, { mode: 0o755 });
	// --no-defaults must come first.
	const at = (name: string, program: string, ...words: string[]) => {
		const file = join(into, name);
		const more = [`--basedir=${usr}`, ...words].map((word) => `'${word}'`).join(" ");
		writeFileSync(file, `#!/bin/sh\nfirst=$1; shift\nexec '${join(usr, program)}' "$first" ${more} "$@"\n`, {
			mode: 0o755,
		});
		return file;
	};
	return {
		install: at("install", "bin/mariadb-install-db"),
		server: at("server", "sbin/mariadbd", `--plugin-dir=${join(usr, "lib/mysql/plugin")}`),
		clients,
	};
}
