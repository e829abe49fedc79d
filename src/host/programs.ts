// Programs of this machine: where they are, and what to tell a person when one is not there.
import { accessSync, constants, readFileSync } from "node:fs";
import { join } from "node:path";
import { cleanEnvironment } from "./exec.ts";

/** What a person installs. */
export interface Program {
	/** Any one of them will do. */
	readonly names: readonly string[];
	readonly debianPackage: string;
	/** In nixpkgs, where a unit of NixOS has it not by itself. */
	readonly nixPackage?: string;
}

/** Where a program is, in the path that children get; undefined when it is not there. */
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

/** By the name of Debian's package: elsewhere too that is what a person can look for. `release` is a text as in os-release(5). */
export function howToInstall(debianPackage: string, release = osRelease()): string {
	const [own = "", like = ""] = [/^ID=(.*)$/m, /^ID_LIKE=(.*)$/m].map((line) =>
		line.exec(release)?.[1]?.replaceAll(/["']/g, ""),
	);
	if (`${own} ${like}`.split(" ").includes("debian")) return `install it: apt-get install ${debianPackage}`;
	const known = `Debian's package of it is ${debianPackage}`;
	if (own === "nixos") return `add it to environment.systemPackages; ${known}`;
	return `install it; ${known}`;
}

function osRelease(): string {
	for (const file of ["/etc/os-release", "/usr/lib/os-release"])
		try {
			return readFileSync(file, "utf8");
		} catch {
			// The next one.
		}
	return "";
}
