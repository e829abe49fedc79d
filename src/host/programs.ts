// Programs on this machine: their paths, and how to install a missing one.
import { accessSync, constants, readFileSync } from "node:fs";
import { join } from "node:path";
import { cleanEnvironment } from "./exec.ts";

/** A program that the user installs. */
export interface Program {
	/** Any one of them is enough. */
	readonly names: readonly string[];
	readonly debianPackage: string;
	/** The package in nixpkgs, for programs that are not in the default PATH of a NixOS unit. */
	readonly nixPackage?: string;
}

/** The path of a program in the PATH of child processes; undefined if it is not installed. */
export function programPath(name: string): string | undefined {
	return (cleanEnvironment().PATH ?? "")
		.split(":")
		.map((folder) => join(folder, name))
		.find((file) => {
			try {
				accessSync(file, constants.X_OK);
				return true;
			} catch {
				return false;
			}
		});
}

/** Uses the name of the Debian package, which is a usable search term elsewhere. `release` is the text of os-release(5). */
export function howToInstall(debianPackage: string, release = osRelease()): string {
	const [own = "", like = ""] = [/^ID=(.*)$/m, /^ID_LIKE=(.*)$/m].map((line) =>
		line.exec(release)?.[1]?.replaceAll(/["']/g, ""),
	);
	if (`${own} ${like}`.split(" ").includes("debian")) return `install it: apt-get install ${debianPackage}`;
	const known = `the Debian package is ${debianPackage}`;
	if (own === "nixos") return `add it to environment.systemPackages; ${known}`;
	return `install it; ${known}`;
}

function osRelease(): string {
	for (const file of ["/etc/os-release", "/usr/lib/os-release"])
		try {
			return readFileSync(file, "utf8");
		} catch {
			// Try the next one.
		}
	return "";
}
