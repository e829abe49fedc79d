// Servers of a newer Debian than this one.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { elsewhere } from "../elsewhere/elsewhere.ts";
import { installed } from "../elsewhere/installed.ts";
import { mariadbServer, placeFor, postgresqlServer, type TestServer } from "../support/servers.ts";

const PROJECT = join(import.meta.dirname, "../..");

export const postgresql17 = elsewhere("trixie", "postgresql-17");
export const mariadb11 = elsewhere("trixie", "mariadb-server-core", "mariadb-client-core");

export function postgresql17Server(settings: string): Promise<TestServer> {
	const programs = "usr/lib/postgresql/17/bin";
	const root = installed(
		postgresql17.below(PROJECT),
		placeFor("postgresql-programs"),
		[programs],
		["usr/lib/postgresql/17/lib", "usr/share"],
	);
	return postgresqlServer(settings, join(root, programs));
}

export function mariadb11Server(settings: readonly string[]): Promise<TestServer> {
	const folder = placeFor("mariadb-programs");
	const root = installed(
		mariadb11.below(PROJECT),
		folder,
		["usr/bin", "usr/sbin"],
		["usr/lib/mysql", "usr/share"],
	);
	const basedir = join(root, "usr");
	// --no-defaults must be the first.
	const at = (name: string, program: string, ...more: string[]) => {
		const file = join(folder, name);
		const words = [`--basedir=${basedir}`, ...more].map((word) => `'${word}'`).join(" ");
		writeFileSync(file, `#!/bin/sh\nfirst=$1; shift\nexec '${program}' "$first" ${words} "$@"\n`, {
			mode: 0o755,
		});
		return file;
	};
	process.env.PATH = `${join(basedir, "bin")}:${process.env.PATH}`;
	return mariadbServer(settings, {
		install: at("install", join(basedir, "bin/mariadb-install-db")),
		server: at("server", join(basedir, "sbin/mariadbd"), `--plugin-dir=${join(basedir, "lib/mysql/plugin")}`),
	});
}
