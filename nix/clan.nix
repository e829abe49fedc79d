# For machines under Clan: every `clan.core.state` is protected with no change, by the providers that are set there. Import
# it beside, or in place of, ./module.nix.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.holdfast;
  inherit (config.clan.core) state;
  providers = builtins.removeAttrs config.clan.core.backups.providers [ "holdfast" ];

  pick = names: set: lib.filterAttrs (name: value: builtins.elem name names && value != null) set;
  hooks = lib.concatMap (hook: [ "${hook}Script" "${hook}Command" ]) [
    "preBackup"
    "postBackup"
    "preRestore"
    "postRestore"
  ];
  # Clan's borgbackup service makes one job of nixpkgs' for each destination.
  job = it: {
    inherit (it)
      repo
      exclude
      compression
      ;
    # An empty list is never, and what is empty is left out further on.
    startAt = if it.startAt == [ ] then false else it.startAt;
    environment = pick [ "BORG_RSH" "BORG_RELOCATED_REPO_ACCESS_IS_OK" "BORG_REMOTE_PATH" "BORG_KEY_FILE" ] it.environment;
    encryption = pick [ "mode" "passCommand" ] it.encryption;
    prune.keep = it.prune.keep;
  };
  jobs = config.services.borgbackup.jobs;

  # Clan calls one word.
  command = name: words: pkgs.writeShellScriptBin "holdfast-clan-${name}" "exec ${cfg.package}/bin/holdfast ${words}";
in
{
  imports = [ ./module.nix ];

  options.services.holdfast.clanSettings = {
    localbackup = lib.mkOption {
      type = lib.types.nullOr (lib.types.attrsOf lib.types.anything);
      default = null;
      example = {
        targets.usb = {
          directory = "/mnt/usb/backup";
          mountpoint = "/mnt/usb";
        };
        snapshots = 20;
      };
      description = ''
        A copy of the settings of Clan's localbackup service, which does not expose them as options. Without
        them, its own commands are used unchanged.
      '';
    };
    takeOver = lib.mkOption {
      type = lib.types.bool;
      default = false;
      description = "Stop the timers of Clan's own borgbackup jobs, so that only Holdfast writes to their repositories.";
    };
  };

  config = {
    services.holdfast.enable = lib.mkDefault (state != { });
    services.holdfast.clan = {
      state = builtins.mapAttrs (_: pick ([ "name" "folders" "stopOnRestore" ] ++ hooks)) state;
      providers = builtins.mapAttrs (_: pick [ "name" "list" "create" "restore" ]) providers;
    }
    // lib.optionalAttrs (providers ? borgbackup && jobs != { }) {
      borgbackup.jobs = builtins.mapAttrs (_: job) jobs;
    }
    // lib.optionalAttrs (cfg.clanSettings.localbackup != null) {
      localbackup = cfg.clanSettings.localbackup;
    };

    # So that `clan backups create|list|restore` works with it, too.
    clan.core.backups.providers.holdfast = lib.mkIf cfg.enable {
      create = "holdfast-clan-create";
      list = "holdfast-clan-list";
      restore = "holdfast-clan-restore";
    };
    environment.systemPackages = lib.mkIf cfg.enable [
      (command "create" "create")
      (command "list" "clan list")
      (command "restore" "clan restore")
    ];

    systemd.timers = lib.mkIf cfg.clanSettings.takeOver (
      lib.mapAttrs' (name: _: lib.nameValuePair "borgbackup-job-${name}" { enable = lib.mkForce false; }) jobs
    );
  };
}
