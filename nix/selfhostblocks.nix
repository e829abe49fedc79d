# The backup contract of SelfHostBlocks (RFC 189): who asks for a backup hands over `request`, and gets `result`. The facts:
# modules/contracts/backup.nix of ibizaman/selfhostblocks, August 2026.
#
#   services.holdfast.contracts.vaultwarden.request = config.shb.vaultwarden.backup.request;
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.holdfast;
  # `snapshots` lists, `restore ID` puts one back: what the contract's restoreScript must do.
  restoreScript =
    name:
    pkgs.writeShellScriptBin "holdfast-contract-${name}" ''
      set -eu
      case "''${1-}" in
      snapshots) exec ${cfg.package}/bin/holdfast list ;;
      restore)
        provider=''${HOLDFAST_PROVIDER:-${builtins.head (builtins.attrNames cfg.providers ++ [ "" ])}}
        exec ${cfg.package}/bin/holdfast restore --yes --service ${name} "$provider" "''${2:-latest}"
        ;;
      *) echo "usage: holdfast-contract-${name} snapshots | restore [ARCHIVE]" >&2; exit 2 ;;
      esac
    '';
in
{
  imports = [ ./module.nix ];

  options.services.holdfast.contracts = mkOption {
    default = { };
    description = "Requests of SelfHostBlocks' backup contract, by the name of the state that each becomes.";
    type = types.attrsOf (
      types.submodule (
        { name, ... }:
        {
          options = {
            request = mkOption {
              type = types.attrsOf types.anything;
              description = "user, sourceDirectories, excludePatterns, hooks.beforeBackup, hooks.afterBackup";
            };
            result = mkOption {
              type = types.attrsOf types.str;
              readOnly = true;
              default = {
                restoreScript = "holdfast-contract-${name}";
                backupService = "holdfast-create.service";
              };
              description = "What the contract gives back.";
            };
          };
        }
      )
    );
  };

  config = {
    services.holdfast.state = builtins.mapAttrs (
      _:
      { request, ... }:
      let
        # Each hook is a command; the contract's user is the one that runs them.
        hook =
          lines:
          if lines == [ ] then
            null
          else
            {
              script = lib.concatStringsSep "\n" lines;
            }
            // lib.optionalAttrs ((request.user or "") != "") { inherit (request) user; };
      in
      {
        folders = request.sourceDirectories;
        exclude = request.excludePatterns or [ ];
        hooks.preBackup = hook ((request.hooks or { }).beforeBackup or [ ]);
        hooks.postBackup = hook ((request.hooks or { }).afterBackup or [ ]);
      }
    ) cfg.contracts;
    environment.systemPackages = map restoreScript (builtins.attrNames cfg.contracts);
  };
}
