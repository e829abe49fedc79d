{
  services.holdfast = {
    enable = true;
    state.notes.folders = [ "/srv/notes" ];
    providers = {
      restic.destinations.cloud = { repo = "rclone:cloud:notes"; passphraseFile = "/run/secrets/restic"; };
      second = { type = "restic"; destinations.nas = { repo = "/mnt/nas"; passphraseFile = "/run/secrets/restic"; }; };
      localbackup.destinations.usb.directory = "/mnt/usb";
    };
  };
}
