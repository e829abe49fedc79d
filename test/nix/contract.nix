{
  services.holdfast.enable = true;
  services.holdfast.providers.tar.destinations.disk.path = "/var/backups/holdfast";
  services.holdfast.contracts.vaultwarden.request = {
    user = "vaultwarden";
    sourceDirectories = [ "/var/lib/vaultwarden" ];
    excludePatterns = [ "*.log" ];
    hooks.beforeBackup = [ "vaultwarden-export" "sync" ];
    hooks.afterBackup = [ ];
  };
}
