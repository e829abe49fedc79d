# As written in the post, GNU tar looks for `/var/…` in an archive that contains `var/…`, and takes all folders as one name.
{ lib, ... }:
{
  clan.core.backups.providers.tar.restore = lib.mkForce ''
    IFS=':' read -ra FOLDER <<< "''$FOLDERS"
    printf '%s\n' "''${FOLDER[@]#/}" > /run/folders-to-restore.txt
    tar -xvpf /var/lib/system-back.tar -C / -T /run/folders-to-restore.txt
  '';
}
