// What several modules find out about their layout for `holdfast init`.
import type { Sight } from "./module.ts";

/** Says that there is no configuration where the package would have it; on NixOS there is none to back up anyway. */
export const unlessConfig = (folder: string, { has, nixos }: Sight) =>
	nixos || has(folder) ? {} : { configDir: false };

/** Names an optional configuration where it exists; on NixOS it is generated. */
export const ifConfig = (path: string, { has, nixos }: Sight, option = "configDir") =>
	nixos || !has(path) ? {} : { [option]: path };

/** The kind of server that must have the data if SQLite's file is missing in the folder. */
export const serverUnless = (folder: string, file: string, type: string, { has }: Sight) =>
	has(folder) && !has(`${folder}/${file}`) ? { database: { type } } : {};
