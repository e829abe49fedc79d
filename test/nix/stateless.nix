{
  services.holdfast = {
    enable = true;
    stateless = true;
    # Shared with other machines.
    providers.tar.destinations.disk.path = "/var/backups/holdfast";
  };
}
