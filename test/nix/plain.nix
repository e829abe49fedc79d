{
  services.holdfast = {
    enable = true;
    state.notes = {
      folders = [ "/srv/notes" ];
      hooks.preBackup = "notes-ctl export";
      stopOnRestore = [ "notes.service" ];
    };
    services.postgresql = { };
    providers = {
      tar.destinations.disk.path = "/var/backups/holdfast";
      weekly = { type = "tar"; schedule = "Sun 03:00"; retention.weekly = 4; destinations.usb.path = "/mnt/usb"; };
    };
    schedule = { check = false; skipOnMetered = true; };
    maxAge = "30h";
  };
}
