{
  services.holdfast = {
    enable = true;
    state.notes.folders = [ "/srv/notes" ];
    providers.tar.destinations.disk.paht = "/var/backups/holdfast";
  };
}
