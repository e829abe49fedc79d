# services.holdfast: the same declarations as in a holdfast.yaml, as options. The program itself checks them when the
# system is built, so that a mistake is the same error in both.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.holdfast;

  # Whatever JSON can say; what it means is the program's to know. See docs/reference/config.md.
  free = types.attrsOf types.anything;

  hook = types.nullOr (types.either types.str (types.either (types.listOf types.str) free));

  state = types.submodule {
    options = {
      folders = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Absolute paths of the folders that this state owns.";
      };
      exclude = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Patterns to exclude: a name, a path below a folder, or an absolute path (docs/reference/patterns.md).";
      };
      dumps = mkOption {
        type = types.listOf free;
        default = [ ];
        description = "Databases of the state: dumped in a backup, loaded and swapped in by a restore.";
      };
      hooks = lib.genAttrs [ "preBackup" "postBackup" "preRestore" "postRestore" ] (
        name:
        mkOption {
          type = hook;
          default = null;
          description = "Command to run at ${name}: a script, a command as a list, or an attribute set with options.";
        }
      );
      stopOnBackup = mkOption {
        type = types.listOf (types.either types.str free);
        default = [ ];
        description = "Units to stop while the backup is taken.";
      };
      freezeOnBackup = mkOption {
        type = types.listOf (types.either types.str free);
        default = [ ];
        description = "Units to freeze while snapshots are taken.";
      };
      stopOnRestore = mkOption {
        type = types.listOf (types.either types.str free);
        default = [ ];
        description = "Units to stop while a restore replaces the data.";
      };
      after = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "States that are backed up and restored before this one.";
      };
      settle = mkOption {
        type = types.nullOr (types.either types.int types.str);
        default = null;
        description = "How long the units must stay active after a restore before it counts as successful.";
      };
      specialFiles = mkOption {
        type = types.nullOr types.bool;
        default = null;
        description = "Whether to restore device nodes, setuid files and file capabilities.";
      };
      healthChecks = mkOption {
        type = types.listOf free;
        default = [ ];
        description = "Tests that the service is healthy.";
      };
      maxAge = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "Maximum age of the newest good archive.";
      };
      consistency = mkOption {
        type = types.nullOr (types.enum [ "atomic" "stopped" "dumped" "spread" "live" ]);
        default = null;
        description = "How well the parts of an archive must fit together at least.";
      };
      snapshot = mkOption {
        type = types.nullOr (types.enum [ "auto" "require" "never" ]);
        default = null;
        description = "Whether a backup reads the folders from a snapshot of one instant.";
      };
      replace = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Fields that replace those declared by a module, instead of being added to them.";
      };
    };
  };

  # Without what says nothing.
  tidy =
    value:
    if builtins.isAttrs value then
      lib.filterAttrs (_: it: it != null && it != [ ] && it != { }) (builtins.mapAttrs (_: tidy) value)
    else
      value;

  # The same jobs as src/fleet/units.ts makes; the project's tests compare them.
  # What Clan's providers become is the program's to say (src/config/clan.ts); of them the timers need only this.
  clanJobs = (cfg.clan.borgbackup or { }).jobs or { };
  clanSettings = it: { inherit (it) startAt compression; inherit (it.prune) keep; };
  clanProvider = it: {
    type = "borgbackup";
    schedule = it.startAt;
    retention = if builtins.all (number: number == 0) (builtins.attrValues it.prune.keep) then null else it.prune.keep;
  };
  firstJob = builtins.head (builtins.attrValues clanJobs);
  clanBorg =
    if builtins.all (it: clanSettings it == clanSettings firstJob) (builtins.attrValues clanJobs) then
      { borgbackup = clanProvider firstJob; }
    else
      lib.mapAttrs' (name: it: lib.nameValuePair "borgbackup-${name}" (clanProvider it)) clanJobs;
  clanProviders =
    builtins.mapAttrs (_: _: { type = "command"; }) (
      builtins.removeAttrs (cfg.clan.providers or { }) (lib.optional (clanJobs != { }) "borgbackup")
    )
    // lib.optionalAttrs (clanJobs != { }) clanBorg
    // lib.optionalAttrs (cfg.clan ? localbackup) { localbackup.type = "localbackup"; };
  providers = clanProviders // (cfg.declared.providers or { });
  names = builtins.attrNames providers;
  # What the engines declare (src/engines/*/definition.ts): `npm run reference` writes it.
  engines = builtins.fromJSON (builtins.readFile ./engines.json);
  engineOf = name: engines.${typeOf name} or { };
  # The engines' own programs, of those that the providers name, and those that they reach their repositories by.
  enginesOf =
    name:
    map (package: pkgs.${package}) (
      (engineOf name).packages or [ ]
      ++ builtins.attrValues (
        lib.filterAttrs (address: _: builtins.any (isReachedBy address) (reposOf name)) (
          (engineOf name).reachedBy or { }
        )
      )
    );
  typeOf = name: if (options' name).type or null != null then (options' name).type else name;
  reposOf = name: map (it: it.repo or "") (builtins.attrValues ((options' name).destinations or { }));
  isReachedBy = address: repo: builtins.substring 0 (builtins.stringLength address) repo == address;
  options' = name: providers.${name};
  scheduled = builtins.filter (name: !(builtins.elem ((options' name).schedule or null) [ null false ])) names;
  shared = builtins.filter (name: (options' name).schedule or null == null) names;
  only = some: if builtins.length some == builtins.length names then [ ] else lib.concatMap (name: [ "--provider" name ]) some;
  time = given: usual: if given == false then null else if given == null then usual else given;
  job = calendar: what: argv: { inherit calendar what argv; };
  jobs = lib.filterAttrs (_: it: it.calendar != null && !cfg.stateless) (
    lib.optionalAttrs (shared != [ ]) {
      create = job (time cfg.schedule.create "*-*-* 01:00:00") "back up" ([ "create" ] ++ only shared);
    }
    // builtins.listToAttrs (
      map (
        name:
        lib.nameValuePair "create-${name}" (
          job (options' name).schedule "back up to ${name}" [ "create" "--provider" name ]
        )
      ) scheduled
    )
    // lib.optionalAttrs (builtins.any (name: (options' name).retention or null != null) names) {
      prune = job (time cfg.schedule.prune "*-*-* 04:00:00") "prune" [ "prune" "--yes" ];
    }
    // lib.optionalAttrs (builtins.any (name: (engineOf name).checks or true) names) {
      check = job (time cfg.schedule.check "Sun *-*-* 05:00:00") "check" [ "check" ];
    }
  );

  program = "${cfg.package}/bin/holdfast";
  manifestPath = "/etc/holdfast/manifest.json";

  # What each line is for: docs/how-to/timers.md.
  hardening = {
    UMask = "0077";
    LockPersonality = true;
    RestrictRealtime = true;
    SystemCallArchitectures = "native";
    ProtectHostname = true;
    RestrictAddressFamilies = "AF_UNIX AF_INET AF_INET6 AF_NETLINK";
    SystemCallFilter = "~@clock @cpu-emulation @module @obsolete @raw-io @reboot @swap";
    SystemCallErrorNumber = "EPERM";
  };
in
{
  options.services.holdfast = {
    enable = lib.mkEnableOption "Holdfast, declarative backup and restore";

    package = mkOption {
      type = types.package;
      default = pkgs.callPackage ./package.nix { };
      defaultText = "the package of this repository";
      description = "The Holdfast program.";
    };

    machine = mkOption {
      type = types.str;
      default = config.networking.hostName;
      defaultText = "config.networking.hostName";
      description = "The machine's name in archives.";
    };

    state = mkOption {
      type = types.attrsOf state;
      default = { };
      example = {
        notes = {
          folders = [ "/srv/notes" ];
          stopOnRestore = [ "notes.service" ];
        };
      };
      description = "States that services own, by name.";
    };

    services = mkOption {
      type = types.attrsOf (types.nullOr free);
      default = { };
      example = {
        postgresql = { };
      };
      description = "Applications, by the name of their Holdfast module; see `holdfast modules`.";
    };

    providers = mkOption {
      type = types.attrsOf free;
      default = { };
      example = {
        borgbackup = {
          destinations.storagebox = {
            repo = "ssh://u1@u1.your-storagebox.de:23/./borgbackup";
            passphraseFile = "/run/secrets/borg";
          };
          retention = {
            daily = 7;
            weekly = 4;
          };
        };
      };
      description = "Backup engines and where they write.";
    };

    schedule =
      let
        calendar =
          usual:
          mkOption {
            type = types.nullOr (types.either types.str (types.enum [ false ]));
            default = null;
            description = "A calendar event as in {manpage}`systemd.time(7)`, or false for never. Default: ${usual}.";
          };
      in
      {
        create = calendar "*-*-* 01:00:00";
        prune = calendar "*-*-* 04:00:00";
        check = calendar "Sun *-*-* 05:00:00";
        randomizedDelay = mkOption {
          type = types.str;
          default = "15m";
          description = "Maximum random delay of each timer.";
        };
        skipOnBattery = mkOption {
          type = types.bool;
          default = false;
          description = "Skip scheduled runs while the machine is on battery power.";
        };
        skipOnMetered = mkOption {
          type = types.bool;
          default = false;
          description = "Skip scheduled runs while NetworkManager reports a metered connection.";
        };
      };

    maxAge = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "26h";
      description = "Maximum age of the newest good archive of each state.";
    };

    notify = mkOption {
      type = types.listOf free;
      default = [ ];
      description = "Whom to notify about runs.";
    };

    metricsFile = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "File for the textfile collector of node_exporter.";
    };

    stateless = mkOption {
      type = types.bool;
      default = false;
      description = "Whether nothing of this machine has to be backed up.";
    };

    databaseServers = mkOption {
      type = types.attrsOf free;
      default = { };
      example = {
        test.postgresql.port = 5433;
      };
      description = "Further database servers, onto which `holdfast restore --as OLD=SERVER:NEW` can load a database.";
    };

    clan = mkOption {
      type = free;
      default = { };
      internal = true;
      description = "Declarations from Clan; set by nix/clan.nix.";
    };

    declared = mkOption {
      type = types.anything;
      readOnly = true;
      description = "All of the above, in the form of `machines.<name>` in a holdfast.yaml.";
    };
  };

  config = lib.mkMerge [
    {
      services.holdfast.declared = tidy {
        system = "nixos";
        inherit (cfg)
          state
          services
          providers
          maxAge
          notify
          metricsFile
          databaseServers
          clan
          ;
        stateless = if cfg.stateless then true else null;
        schedule = {
          inherit (cfg.schedule) create prune check;
          # The defaults are the program's own.
          randomizedDelay = if cfg.schedule.randomizedDelay == "15m" then null else cfg.schedule.randomizedDelay;
          skipOnBattery = if cfg.schedule.skipOnBattery then true else null;
          skipOnMetered = if cfg.schedule.skipOnMetered then true else null;
        };
      } // lib.optionalAttrs (cfg.services != { }) { inherit (cfg) services; };
    }
    (lib.mkIf cfg.enable {
      assertions = [
        {
          assertion = cfg.stateless || cfg.declared ? state || cfg.declared ? services || cfg.declared ? clan;
          message = "services.holdfast is enabled, but nothing is declared: set services.holdfast.state or services.holdfast.services, or services.holdfast.stateless if there is nothing to back up";
        }
        {
          assertion = cfg.stateless || cfg.declared ? providers || cfg.declared ? clan;
          message = "services.holdfast is enabled, but has no provider to store archives: set services.holdfast.providers";
        }
      ];

      environment.systemPackages = [ cfg.package ] ++ lib.unique (lib.concatMap enginesOf names);

      # Mistakes are found here, with the program's own words.
      environment.etc."holdfast/manifest.json".source =
        pkgs.runCommand "holdfast-manifest.json"
          {
            nativeBuildInputs = [ cfg.package ];
            declared = builtins.toJSON { machines.${cfg.machine} = cfg.declared; };
            passAsFile = [ "declared" ];
          }
          ''
            cp "$declaredPath" holdfast.json
            HOME=$TMPDIR holdfast manifest --config holdfast.json >"$out"
          '';

      systemd.timers = lib.mapAttrs' (
        name: it:
        lib.nameValuePair "holdfast-${name}" {
          description = "Holdfast: ${it.what} ${cfg.machine}, on schedule";
          wantedBy = [ "timers.target" ];
          timerConfig = {
            OnCalendar = it.calendar;
            Persistent = true;
            RandomizedDelaySec = cfg.schedule.randomizedDelay;
          };
        }
      ) jobs;

      systemd.services =
        lib.mapAttrs' (
          name: it:
          lib.nameValuePair "holdfast-${name}" {
            description = "Holdfast: ${it.what} ${cfg.machine}";
            wants = [ "network-online.target" ];
            after = [ "network-online.target" ];
            onFailure = [ "holdfast-failed@%n.service" ];
            # Hooks and engines are found where people find them.
            path = [ "/run/wrappers" "/run/current-system/sw" ];
            unitConfig = lib.optionalAttrs cfg.schedule.skipOnBattery { ConditionACPower = true; };
            serviceConfig = hardening // {
              Type = "oneshot";
              ExecStart = lib.concatStringsSep " " (
                [ program ] ++ it.argv ++ [ "--config" manifestPath "--wait" "6h" ]
              );
              ExecStopPost = "${program} recover --quiet";
              KillMode = "mixed";
              TimeoutStopSec = "1h";
              Nice = 10;
              CPUSchedulingPolicy = "batch";
              IOSchedulingClass = "best-effort";
              IOSchedulingPriority = 7;
            }
            // lib.optionalAttrs cfg.schedule.skipOnMetered {
              # NetworkManager's Metered: 1 and 3 mean yes. Without NetworkManager the run starts.
              ExecCondition = "/bin/sh -c 'case \"$(busctl get-property org.freedesktop.NetworkManager /org/freedesktop/NetworkManager org.freedesktop.NetworkManager Metered 2>/dev/null)\" in \"u 1\"|\"u 3\") exit 1;; esac'";
            };
          }
        ) jobs
        // {
          "holdfast-failed@" = {
            description = "Holdfast: report that %i failed";
            path = [ "/run/wrappers" "/run/current-system/sw" ];
            serviceConfig = hardening // {
              Type = "oneshot";
              ExecStart = "${program} notify --config ${manifestPath} --unit %i";
            };
          };
          holdfast-recover = {
            description = "Finish or roll back interrupted Holdfast runs";
            wantedBy = [ "basic.target" ];
            before = [ "basic.target" "shutdown.target" ];
            after = [ "local-fs.target" "systemd-journald.socket" "systemd-tmpfiles-setup.service" ];
            conflicts = [ "shutdown.target" ];
            path = [ "/run/current-system/sw" ];
            unitConfig = {
              DefaultDependencies = false;
              RequiresMountsFor = "/var/lib/holdfast";
              ConditionPathExists = "/var/lib/holdfast/journal.sqlite";
            };
            serviceConfig = {
              Type = "oneshot";
              ExecStart = "${program} recover";
              SuccessExitStatus = 5;
            };
          };
          holdfast-recover-databases = {
            description = "Finish or roll back interrupted Holdfast runs with databases";
            wantedBy = [ "multi-user.target" ];
            after = [ "holdfast-recover.service" ] ++ builtins.fromJSON (builtins.readFile ./database-units.json);
            path = [ "/run/current-system/sw" ];
            unitConfig.ConditionPathExists = "/var/lib/holdfast/journal.sqlite";
            serviceConfig = {
              Type = "oneshot";
              ExecStart = "${program} recover";
              SuccessExitStatus = 5;
            };
          };
        };
    })
  ];
}
