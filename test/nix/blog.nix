# The three snippets of the blog post "Declarative Backups and Restore" (clan.lol, June 2024), as printed there; the part
# that it omits from the second is filled in with a database that any machine can have.
{ lib, config, ... }:
let
  db.name = "app";
  compression = "";
  current = "/var/backup/app/pg-dump";
in
{
  imports = [ { clan.core.state.zerotier.folders = [ "/var/lib/zerotier-one" ]; } ];

  clan.core.state.app = {
    folders = [ "/var/backup/app" ];
    preBackupCommand = ''
      mkdir -p /var/backup/app
      runuser -u postgres -- pg_dump ${compression} --dbname=${db.name} -Fc -c > "${current}.tmp"
      mv "${current}.tmp" "${current}"
    '';
    postRestoreCommand = ''
      runuser -u postgres -- dropdb "${db.name}"
      runuser -u postgres -- pg_restore -C -d postgres < "${current}"
    '';
  };

  clan.core.backups.providers.tar = {
    list = ''
      echo /var/lib/system-back.tar
    '';
    create = let
      uniqueFolders = lib.unique (
        lib.flatten (lib.mapAttrsToList (_name: state: state.folders) config.clan.core.state)
      );
    in ''
      # FIXME: a proper implementation should also run `state.preBackupCommand` of each state
      if [ -f /var/lib/system-back.tar ]; then
        tar -uvpf /var/lib/system-back.tar ${builtins.toString uniqueFolders}
      else
        tar -cvpf /var/lib/system-back.tar ${builtins.toString uniqueFolders}
      fi
    '';
    restore = ''
      IFS=':' read -ra FOLDER <<< "''$FOLDERS"
      echo "''${FOLDER[@]}" > /run/folders-to-restore.txt
      tar -xvpf /var/lib/system-back.tar -C / -T /run/folders-to-restore.txt
    '';
  };
}
