# What SelfHostBlocks' services ask for, in the shape of its contracts.
{
  shb.vaultwarden.backup.request = {
    user = "vaultwarden";
    sourceDirectories = [ "/var/lib/vaultwarden" ];
    excludePatterns = [ ];
    hooks = { beforeBackup = [ ]; afterBackup = [ ]; };
  };
  shb.postgresql.databasebackup.request = {
    user = "postgres";
    backupName = "postgres.sql";
    backupCmd = "pg_dumpall";
    restoreCmd = "psql";
  };
  services.holdfast.providers.tar.destinations.disk.path = "/var/backups/holdfast";
}
