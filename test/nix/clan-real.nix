# For Clan's own modules: `…Command` is derived from `…Script`.
{
  clan.core.state.zerotier.folders = [ "/var/lib/zerotier-one" ];
  clan.core.state.garage = {
    folders = [ "/var/lib/garage" ];
    preBackupScript = "garage-snapshot";
  };
  clan.core.backups.providers.mine = {
    list = "mine-list";
    create = "mine-create";
    restore = "mine-restore";
  };
}
