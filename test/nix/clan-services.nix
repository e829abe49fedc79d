# What Clan's borgbackup and localbackup services set on a machine, as of August 2026.
{
  clan.core.state.zerotier.folders = [ "/var/lib/zerotier-one" ];
  clan.core.state.notes = {
    folders = [ "/srv/notes" "/srv/notes-media" ];
    preBackupScript = "notes-ctl export";
    preBackupCommand = "pre-backup-notes";
    postRestoreScript = "notes-ctl import";
    postRestoreCommand = "post-restore-notes";
  };
  clan.core.backups.providers.borgbackup = {
    list = "borgbackup-list";
    create = "borgbackup-create";
    restore = "borgbackup-restore";
  };
  clan.core.backups.providers.localbackup = {
    list = "localbackup-list";
    create = "localbackup-create";
    restore = "localbackup-restore";
  };
  services.borgbackup.jobs =
    builtins.mapAttrs
      (_: destination: {
        paths = [ "/var/lib/zerotier-one" "/srv/notes" "/srv/notes-media" ];
        exclude = [ "*.pyc" ];
        repo = destination.repo;
        environment = {
          BORG_RSH = destination.rsh;
          BORG_RELOCATED_REPO_ACCESS_IS_OK = "yes";
        };
        compression = "auto,zstd";
        startAt = "*-*-* 01:00:00";
        persistentTimer = true;
        encryption = {
          mode = "repokey";
          passCommand = "cat /run/secrets/vars/borgbackup/borgbackup.repokey";
        };
        prune.keep = {
          within = "1d";
          daily = 7;
          weekly = 4;
          monthly = 0;
        };
      })
      {
        nas = {
          repo = "borg@nas:.";
          rsh = "ssh -i /run/secrets/vars/borgbackup/borgbackup.ssh -o StrictHostKeyChecking=accept-new -o IdentitiesOnly=Yes";
        };
        storagebox = {
          repo = "u366395@u366395.your-storagebox.de:/./borgbackup";
          rsh = "ssh -p 23 -oStrictHostKeyChecking=accept-new -i /run/secrets/vars/borgbackup/borgbackup.ssh";
        };
      };
  services.holdfast.clanSettings.localbackup = {
    targets.usb = {
      directory = "/mnt/usb/backup";
      mountpoint = "/mnt/usb";
      preMountHook = "echo before";
      postMountHook = null;
    };
    snapshots = 10;
  };
}
