// Options whose defaults depend on the layout: that of NixOS, or that of the application's own or Debian's package.
import * as v from "valibot";
import * as f from "../values/fields.ts";
import { healthAddress } from "./options.ts";

/** The default of an option in both layouts. */
export interface Usual<T> {
	readonly packaged: T;
	readonly nixos: T;
}

const both = ({ packaged, nixos }: Usual<string | false>) => `default ${packaged}, on NixOS ${nixos}`;

export const folderBy = (usual: Usual<string>, what: string) =>
	v.pipe(v.optional(f.folder), v.description(`${what} (${both(usual)})`));

export const healthBy = (usual: Usual<string | false>) =>
	v.pipe(
		v.optional(healthAddress),
		v.description(`a URL that responds if it is healthy, or false (${both(usual)})`),
	);

export const unitsBy = ({ packaged, nixos }: Usual<readonly string[]>) => {
	const listed = (names: readonly string[]) => names.join(", ") || "none";
	return v.pipe(
		v.optional(v.array(f.unitName)),
		v.description(`the units that run it (${both({ packaged: listed(packaged), nixos: listed(nixos) })})`),
	);
};

/** What the user set, or else the default of the machine's layout. */
export const chosen = <T>(given: T | undefined, { packaged, nixos }: Usual<T>, isNixos: boolean): T =>
	given ?? (isNixos ? nixos : packaged);

/** The source of NixOS's facts. */
export const nixosModule = (file: string) =>
	`https://github.com/NixOS/nixpkgs/blob/master/nixos/modules/services/${file}`;
