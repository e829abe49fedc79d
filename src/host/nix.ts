// Reads the declarations in a machine's NixOS configuration with `nix eval`. Cached by the content of the flake and its inputs.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import * as v from "valibot";
import { HoldfastError } from "../values/error.ts";
import { parseBounded } from "./bounded-json.ts";
import { cleanEnvironment, describeEnd, type ExecResult, execText } from "./exec.ts";
import { examine } from "./ownership.ts";
import { places } from "./places.ts";
import { fitting, readStored } from "./stored-json.ts";

const NIX = ["nix", "--extra-experimental-features", "nix-command flakes"];
const EVALUATE_SECONDS = 900;

/**
 * Selects only the parts that are read, because a complete configuration cannot be printed. `or` handles missing parts, so
 * this works with Clan, with the plain module, and with both.
 */
const SELECT = `config: let
  clan = (config.clan or { }).core or { };
  pick = names: set: builtins.listToAttrs (builtins.concatMap (name: if set ? \${name} then [ { inherit name; value = set.\${name}; } ] else [ ]) names);
  hooks = builtins.concatMap (hook: [ "\${hook}Script" "\${hook}Command" ]) [ "preBackup" "postBackup" "preRestore" "postRestore" ];
  job = job: pick [ "repo" "exclude" "startAt" "compression" ] job // {
    environment = job.environment or { };
    encryption = pick [ "mode" "passCommand" ] (job.encryption or { });
    prune.keep = (job.prune or { }).keep or { };
  };
in {
  clan = {
    state = builtins.mapAttrs (_: pick ([ "name" "folders" "stopOnRestore" ] ++ hooks)) (clan.state or { });
    providers = builtins.mapAttrs (_: pick [ "name" "list" "create" "restore" ]) ((clan.backups or { }).providers or { });
    borgbackup.jobs = if (clan.backups or { }).providers or { } ? borgbackup
      then builtins.mapAttrs (_: job) (((config.services or { }).borgbackup or { }).jobs or { }) else { };
  };
  holdfast = (((config.services or { }).holdfast or { }).declared or null);
}`;

const map = v.custom<Record<string, unknown>>(
	(value) => typeof value === "object" && value !== null && !Array.isArray(value),
	"it is not an attribute set",
);
const machineSchema = v.object({
	/** As `machines.<name>.clan` of a config has it. */
	clan: map,
	/** The machine's config, as the NixOS module would pass it to the program. */
	holdfast: v.nullable(map),
});
export type NixMachine = v.InferOutput<typeof machineSchema>;

/** The hash of the flake's content in the output of `nix flake metadata`. */
const lockedSchema = v.object({ locked: v.object({ narHash: v.optional(v.string()) }) });
const MAX_BYTES = 16 * 1024 ** 2;
const LIMITS = { depth: 100, values: 1_000_000 };

/** `FLAKE#MACHINE`, or `FLAKE#ATTRIBUTE.PATH` of a configuration. */
export async function evaluateNix(
	reference: string,
	remark: (line: string) => void,
	/** The folder that the flake's path is relative to; a guarded flake must be as trusted as the config that names it. */
	{ folder, isGuarded }: { readonly folder: string; readonly isGuarded: boolean } = {
		folder: process.cwd(),
		isGuarded: false,
	},
): Promise<NixMachine> {
	const [flake = "", attribute] = reference.split("#", 2);
	if (!attribute || flake === "")
		throw new HoldfastError("usage", `"${reference}" does not name a machine`, {
			hint: "write FLAKE#MACHINE, such as .#web01 or github:me/infra#web01",
		});
	const doing = `evaluate ${reference}`;
	if (isGuarded) refuseOthers(flake, folder);
	const metadata = await nix(["flake", "metadata", "--json", flake], doing, folder);
	const { locked } = answered(doing, lockedSchema, metadata.text);
	const dirty = metadata.stderr.find((line) => /Git tree .* is dirty/.test(line));
	if (dirty) remark(`${dirty.replace(/^warning: /, "")}: uncommitted changes are included`);
	const path = attribute.includes(".") ? attribute : `nixosConfigurations.${attribute}.config`;
	const key =
		locked.narHash && createHash("sha256").update(`${locked.narHash} ${path} ${SELECT}`).digest("hex");
	const file = key === undefined ? undefined : join(places().cache, "nix", `${key}.json`);
	const known = file === undefined ? undefined : readStored(file, machineSchema, MAX_BYTES);
	// It is only a cache: if it is damaged, evaluate again.
	if (known && "value" in known) return known.value;
	const { text } = await nix(["eval", "--json", `${flake}#${path}`, "--apply", SELECT], doing, folder);
	const machine = answered(doing, machineSchema, text);
	if (file !== undefined) {
		await mkdir(join(places().cache, "nix"), { recursive: true, mode: 0o700 });
		await writeFile(`${file}.new`, text, { mode: 0o600 });
		await rename(`${file}.new`, file);
	}
	return machine;
}

function parsed(text: string): unknown {
	try {
		return parseBounded(text, LIMITS);
	} catch {
		return undefined;
	}
}

function answered<S extends v.GenericSchema>(doing: string, schema: S, text: string): v.InferOutput<S> {
	const found = fitting("what nix printed", schema, parsed(text));
	if ("value" in found) return found.value;
	throw new HoldfastError("nix-failed", `could not ${doing}: ${found.fault}`, {
		hint: "Nix 2.8 to 2.31 is supported; check the version with: nix --version",
	});
}

/** Refuse a local flake that others could have written. Nix itself verifies what it fetches from elsewhere. */
function refuseOthers(flake: string, folder: string): void {
	const path = /^(?:(?:path|git\+file):(?:\/\/)?)?([./][^?#]*)/.exec(flake)?.[1];
	if (path === undefined) return;
	const file = resolve(folder, path, "flake.nix");
	const fault = existsSync(file) ? examine(file, false).fault : undefined;
	if (fault === undefined) return;
	throw new HoldfastError("config-not-trusted", `the flake ${flake} is not evaluated: ${fault}`, {
		subject: flake,
		details: ["its commands would run as root, so only root may be able to change it"],
		hint: "copy it to a folder owned by root, or run this with sudo from its owner's account",
	});
}

async function nix(
	words: readonly string[],
	doing: string,
	folder: string,
): Promise<ExecResult & { readonly text: string }> {
	const { NIX_PATH, NIX_CONFIG, SSH_AUTH_SOCK } = process.env;
	const result = await execText([...NIX, ...words], {
		cwd: folder,
		env: {
			...cleanEnvironment(),
			...(NIX_PATH ? { NIX_PATH } : {}),
			...(NIX_CONFIG ? { NIX_CONFIG } : {}),
			...(SSH_AUTH_SOCK ? { SSH_AUTH_SOCK } : {}),
		},
		timeoutSeconds: EVALUATE_SECONDS,
	});
	if (result.code === 0) return result;
	throw new HoldfastError("nix-failed", `could not ${doing}: nix ${describeEnd(result, EVALUATE_SECONDS)}`, {
		details: result.stderr.filter((line) => !/nixbld|experimental Nix feature/.test(line)),
		hint: await hintOf(result, words),
	});
}

async function hintOf({ code, stderr }: ExecResult, words: readonly string[]): Promise<string> {
	if (code === 127)
		return "Nix is not installed on this machine; evaluate elsewhere, then: holdfast import clan FILE.json";
	const { text } = await execText(["nix", "--version"]);
	const [, major = "0", minor = "0"] = /(\d+)\.(\d+)/.exec(text) ?? [];
	if (Number(major) < 2 || (Number(major) === 2 && Number(minor) < 4))
		return `${text.trim()} is installed, but flakes need Nix 2.4 or later`;
	if (/unable to download|cannot fetch|Could not resolve/.test(stderr.join("\n")))
		return "an input is locked to a location that cannot be reached from here";
	return `the lines above are from Nix; try it by hand: nix ${words.slice(0, 3).join(" ")}`;
}
