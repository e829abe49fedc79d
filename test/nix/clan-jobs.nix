# Jobs of Clan's borgbackup that differ: each has a timer of its own, or none.
let
  job = repo: more: {
    paths = [ "/srv/notes" ];
    exclude = [ ];
    inherit repo;
    environment = { };
    compression = "lz4";
    startAt = [ ];
    encryption.mode = "none";
    prune.keep = { };
  } // more;
in
{
  clan.core.state.notes.folders = [ "/srv/notes" ];
  clan.core.backups.providers.borgbackup = {
    list = "borgbackup-list";
    create = "borgbackup-create";
    restore = "borgbackup-restore";
  };
  services.borgbackup.jobs = {
    nas = job "/srv/nas" {
      startAt = [ "01:00" "13:00" ];
      prune.keep.daily = 7;
    };
    box = job "/srv/box" { };
  };
}
