// Evaluate the NixOS modules as NixOS would, with Debian's Nix: see evaluate.nix.
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratch } from "../support/scratch.ts";

export const PROJECT = join(import.meta.dirname, "../..");
/** Why nothing can be evaluated here, or undefined; for a test's `skip`. */
export const noNix = existsSync("/usr/bin/nix") ? undefined : "needs Nix (Debian: nix-bin)";
/** The post's three snippets, under Clan. */
export const BLOG = ["../../nix/clan.nix", "clan-core.nix", "blog.nix"];

const folder = scratch("nix-evaluate");
let count = 0;

export interface Evaluated {
	readonly declared: Record<string, unknown>;
	readonly enable: boolean;
	readonly assertions: readonly { assertion: boolean; message: string }[];
	readonly timers: Record<string, Record<string, unknown>>;
	readonly services: Record<string, { ExecStart: string; unit: object }>;
	readonly packages: readonly string[];
	readonly scripts: Readonly<Record<string, string>>;
	readonly tmpfiles: readonly string[];
	readonly results: Readonly<
		Record<string, { readonly restoreScript: string; readonly backupService: string }>
	>;
	/** The derivation that builds the manifest: its arguments and its script. */
	readonly manifest: { readonly args: { readonly declared: string }; readonly script: string } | null;
	readonly clan: Record<string, string> | null;
	readonly machineOptions: readonly string[];
	readonly scheduleOptions: readonly string[];
	readonly stateOptions: readonly string[];
}

/** Modules by their paths, relative to this folder. */
export function evaluate(modules: readonly string[], lib = "./lib.nix"): Evaluated {
	const file = join(folder, `${count++}.nix`);
	const at = (path: string) => (path.startsWith("/") ? path : join(import.meta.dirname, path));
	writeFileSync(
		file,
		`import ${at("evaluate.nix")} { lib = import ${at(lib)}; modules = [ ${modules.map(at).join(" ")} ]; }`,
	);
	return JSON.parse(
		execFileSync("nix-instantiate", ["--eval", "--strict", "--json", "--read-write-mode", file], {
			encoding: "utf8",
			stdio: ["ignore", "pipe", "pipe"],
		}),
	);
}
