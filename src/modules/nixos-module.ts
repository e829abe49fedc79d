/** The source of a module's facts about NixOS: a path below nixos/modules/services. */
export const nixosModule = (file: string) =>
	`https://github.com/NixOS/nixpkgs/blob/master/nixos/modules/services/${file}`;
