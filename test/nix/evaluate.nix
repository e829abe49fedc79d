# Evaluate modules as NixOS would: `lib` is the stand-in or the real one, `pkgs` contains what the modules use.
{
  lib,
  modules,
}:
let
  pkgs = {
    callPackage = _: _: { type = "derivation"; name = "holdfast"; outPath = "/holdfast"; };
    runCommand = name: args: script: { inherit name args script; };
    borgbackup = "borgbackup";
    restic = "restic";
    rclone = "rclone";
    rsnapshot = "rsnapshot";
    rsync = "rsync";
    runtimeShell = "/bin/sh";
    writeShellScriptBin = name: text: { inherit name text; };
    # As a path by which a test can find the text.
    writeShellScript = name: text: builtins.toFile name text;
    # Debian's.
    jq = "/usr";
  };
  nixos =
    { lib, ... }:
    {
      options = {
        assertions = lib.mkOption { type = lib.types.listOf lib.types.anything; default = [ ]; };
        environment.systemPackages = lib.mkOption { type = lib.types.listOf lib.types.anything; default = [ ]; };
        environment.etc = lib.mkOption { type = lib.types.attrsOf lib.types.anything; default = { }; };
        networking.hostName = lib.mkOption { type = lib.types.str; default = "web01"; };
        systemd.tmpfiles.rules = lib.mkOption { type = lib.types.listOf lib.types.str; default = [ ]; };
        systemd.services = lib.mkOption { type = lib.types.attrsOf lib.types.anything; default = { }; };
        systemd.timers = lib.mkOption { type = lib.types.attrsOf lib.types.anything; default = { }; };
        services.borgbackup.jobs = lib.mkOption { type = lib.types.attrsOf lib.types.anything; default = { }; };
      };
    };
  evaluated = lib.evalModules {
    modules = [ nixos ] ++ modules;
    specialArgs = { inherit pkgs; };
  };
in
{
  inherit (evaluated.config.services.holdfast) declared enable;
  inherit (evaluated.config) assertions;
  timers = builtins.mapAttrs (_: it: it.timerConfig or { } // { enabled = it.enable or true; }) evaluated.config.systemd.timers;
  services = builtins.mapAttrs (_: it: it.serviceConfig // { unit = it.unitConfig or { }; }) evaluated.config.systemd.services;
  packages = map (it: it.name or it) evaluated.config.environment.systemPackages;
  # The texts of the scripts, by name.
  scripts = builtins.listToAttrs (
    builtins.concatMap (it: if it ? text then [ { inherit (it) name; value = it.text; } ] else [ ]) evaluated.config.environment.systemPackages
  );
  tmpfiles = evaluated.config.systemd.tmpfiles.rules;
  results = builtins.mapAttrs (_: it: it.result) (
    (evaluated.config.services.holdfast.contracts or { }) // (evaluated.config.services.holdfast.databaseContracts or { })
  );
  # What the system's build runs for it.
  manifest = evaluated.config.environment.etc."holdfast/manifest.json".source or null;
  clan = evaluated.config.clan.core.backups.providers.holdfast or null;
  machineOptions = builtins.attrNames evaluated.options.services.holdfast;
  scheduleOptions = builtins.attrNames evaluated.options.services.holdfast.schedule;
  stateOptions = builtins.attrNames (
    builtins.removeAttrs
      (lib.evalModules {
        modules = [ nixos ../../nix/module.nix { services.holdfast.state.x = { }; } ];
        specialArgs = { inherit pkgs; };
      }).config.services.holdfast.state.x
      [ "_module" ]
  );
}
