{
  description = "Holdfast: declarative backup and restore for Linux services";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];
      forSystems = work: nixpkgs.lib.genAttrs systems (system: work nixpkgs.legacyPackages.${system});
    in
    {
      nixosModules = {
        default = ./nix/module.nix;
        clan = ./nix/clan.nix;
        selfhostblocks = ./nix/selfhostblocks.nix;
      };
      packages = forSystems (pkgs: {
        default = pkgs.callPackage ./nix/package.nix { };
      });
      checks = forSystems (pkgs: {
        vm = import ./nix/vm-test.nix { inherit self pkgs; };
      });
    };
}
