# The backup contracts of SelfHostBlocks (RFC 189): who asks for a backup hands over `request`, and gets `result`. The facts:
# modules/contracts/{backup,databasebackup}.nix and their test.nix, of ibizaman/selfhostblocks, August 2026.
#
#   services.holdfast.contracts.vaultwarden.request = config.shb.vaultwarden.backup.request;
#   services.holdfast.databaseContracts.postgresql.request = config.shb.postgresql.databasebackup.request;
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.holdfast;
  holdfast = "${cfg.package}/bin/holdfast";
  jq = "${pkgs.jq}/bin/jq";

  # The first whole-machine timer, or, where every provider has a schedule of its own, one of those.
  providers = builtins.attrNames cfg.providers;
  shared = builtins.filter (name: (cfg.providers.${name}.schedule or null) == null) providers;
  scheduled = builtins.filter (name: (cfg.providers.${name}.schedule or null) != false) providers;
  backupService =
    if shared != [ ] || providers == [ ] then
      "holdfast-create.service"
    else
      "holdfast-create-${builtins.head (scheduled ++ providers)}.service";

  # `snapshots`: one a line, the oldest first, of this state alone, its id first and without a blank or a plus in it;
  # `restore ID`. An archive that lies in several destinations is one snapshot.
  restoreScript =
    name:
    pkgs.writeShellScriptBin "holdfast-contract-${name}" ''
      set -eu
      provider=''${HOLDFAST_PROVIDER:-${builtins.head (providers ++ [ "" ])}}
      usage() {
        echo "$0 snapshots"
        echo "$0 backup"
        echo "$0 restore <snapshot>"
        echo "$0 exec <arg> [<args>...]"
      }
      # A destination that cannot be reached is said on stderr; the others' snapshots are listed all the same.
      archives() {
        code=0
        listed=$(${holdfast} list --json --provider "$provider") || code=$?
        [ "$code" -eq 0 ] || [ "$code" -eq 3 ] || exit "$code"
        printf '%s\n' "$listed"
      }
      case "''${1-}" in
      snapshots)
        archives | ${jq} -r '[.archives[] | select(.metadata.states["${name}"].outcome? == "good")]
          | unique_by(.name) | sort_by(.metadata.created) | .[] | "\(.name) \(.metadata.created)"'
        ;;
      backup) exec systemctl start --wait ${backupService} ;;
      restore)
        wanted=''${2:-latest}
        found=$(archives | ${jq} -r --arg wanted "$wanted" \
          '[.archives[] | select(.name == $wanted or .id == $wanted) | .id][0] // $wanted')
        exec ${holdfast} restore --yes --service ${name} "$provider" "$found"
        ;;
      exec)
        shift
        exec ${holdfast} "$@"
        ;;
      "") usage ;;
      *)
        usage >&2
        exit 1
        ;;
      esac
    '';

  # Where a database's own command writes its dump, for its user alone.
  folderOf = name: "/var/lib/holdfast-databases/${name}";
  quoted = text: "'${builtins.replaceStrings [ "'" ] [ "'\\''" ] text}'";
  # In bash: what fails in the middle of a pipe must not be kept as a dump.
  dumpHook =
    name:
    { user, backupName, ... }@request:
    {
      inherit user;
      command = [
        "${pkgs.writeShellScript "holdfast-dump-${name}" ''
          set -euo pipefail
          umask 077
          cd ${folderOf name}
          {
          ${request.backupCmd}
          } >.dump.new
          sync .dump.new
          mv .dump.new ${quoted backupName}
        ''}"
      ];
    };
  loadHook =
    name:
    { user, backupName, ... }@request:
    {
      inherit user;
      command = [
        "${pkgs.writeShellScript "holdfast-load-${name}" ''
          set -euo pipefail
          {
          ${request.restoreCmd}
          } <${folderOf name}/${quoted backupName}
        ''}"
      ];
    };

  contract =
    what: requestText:
    mkOption {
      default = { };
      description = "Requests of SelfHostBlocks' ${what} contract, by the name of their state.";
      type = types.attrsOf (
        types.submodule (
          { name, ... }:
          {
            options = {
              request = mkOption {
                type = types.attrsOf types.anything;
                description = requestText;
              };
              settings = mkOption {
                type = types.attrsOf types.anything;
                default = { };
                description = "Settings that the contract leaves to the provider. Holdfast has them in services.holdfast, for all states.";
              };
              result = mkOption {
                type = types.attrsOf types.str;
                readOnly = true;
                default = {
                  restoreScript = "holdfast-contract-${name}";
                  inherit backupService;
                };
                description = "The result of the contract.";
              };
            };
          }
        )
      );
    };
  both = builtins.filter (name: cfg.databaseContracts ? ${name}) (builtins.attrNames cfg.contracts);
in
{
  imports = [ ./module.nix ];

  options.services.holdfast = {
    contracts = contract "backup" "user, sourceDirectories, excludePatterns, hooks.beforeBackup, hooks.afterBackup";
    databaseContracts = contract "databasebackup" "user, backupName, backupCmd, restoreCmd";
  };

  config = {
    assertions = [
      {
        assertion = both == [ ];
        message = "services.holdfast: ${builtins.concatStringsSep ", " both} is in contracts and in databaseContracts; each becomes a state, so rename one of them";
      }
    ];
    services.holdfast.state =
      builtins.mapAttrs (
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
      ) cfg.contracts
      // builtins.mapAttrs (
        name:
        { request, ... }:
        {
          folders = [ (folderOf name) ];
          hooks.preBackup = dumpHook name request;
          hooks.postRestore = loadHook name request;
        }
      ) cfg.databaseContracts;
    systemd.tmpfiles.rules = lib.concatMap (
      name:
      [
        "d /var/lib/holdfast-databases 0755 root root -"
        "d ${folderOf name} 0700 ${cfg.databaseContracts.${name}.request.user} root -"
      ]
    ) (builtins.attrNames cfg.databaseContracts);
    environment.systemPackages = map restoreScript (
      builtins.attrNames cfg.contracts ++ builtins.attrNames cfg.databaseContracts
    );
  };
}
