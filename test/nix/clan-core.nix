# A stand-in for Clan's own options, in the shape that the blog post and older modules use: `…Command` may be set to the
# text of a script. The real ones are used if HOLDFAST_CLAN_CORE names them.
{ lib, ... }:
let
  inherit (lib) mkOption types;
  text = mkOption { type = types.nullOr types.lines; default = null; };
in
{
  options.clan.core.state = mkOption {
    default = { };
    type = types.attrsOf (
      types.submodule (
        { name, ... }:
        {
          options = {
            name = mkOption { type = types.str; default = name; };
            folders = mkOption { type = types.listOf types.str; };
            preBackupScript = text;
            preBackupCommand = text;
            postBackupScript = text;
            postBackupCommand = text;
            preRestoreScript = text;
            preRestoreCommand = text;
            postRestoreScript = text;
            postRestoreCommand = text;
          };
        }
      )
    );
  };
  options.clan.core.backups.providers = mkOption {
    default = { };
    type = types.attrsOf (
      types.submodule (
        { name, ... }:
        {
          options = {
            name = mkOption { type = types.str; default = name; };
            list = mkOption { type = types.str; };
            create = mkOption { type = types.str; };
            restore = mkOption { type = types.str; };
          };
        }
      )
    );
  };
}
