# nix/package.nix with stand-ins for what it uses from nixpkgs: its phases, to be run by hand.
{ node }:
let
  package = import ../../nix/package.nix {
    lib = {
      cleanSource = path: path;
      makeBinPath = paths: builtins.concatStringsSep ":" (map (path: "${path}/bin") paths);
      licenses.mit = "MIT";
      platforms.linux = [ ];
    };
    stdenv.mkDerivation = attributes: attributes;
    nodejs_24 = node;
    importNpmLock = {
      __functor = _: _: "";
      npmConfigHook = "";
    };
    makeWrapper = "";
    util-linux = "/usr";
    sqlite = "/usr";
  };
in
{
  inherit (package) version buildPhase installPhase;
}
