# For people with Nix: a machine that is backed up, damaged and restored. `nix flake check` runs it. The project's own CI
# has no nixpkgs and no KVM: it was written and evaluated there, and not run.
{ self, pkgs }:
pkgs.testers.runNixOSTest {
  name = "holdfast";
  nodes.web01 = {
    imports = [ self.nixosModules.default ];
    services.holdfast = {
      enable = true;
      state.notes.folders = [ "/srv/notes" ];
      providers.tar.destinations.disk.path = "/var/backups/holdfast";
    };
  };
  testScript = ''
    web01.wait_for_unit("multi-user.target")
    web01.succeed("systemctl is-active holdfast-create.timer")
    web01.succeed("mkdir -p /srv/notes; echo one > /srv/notes/file")
    web01.succeed("systemctl start holdfast-create.service")
    web01.succeed("echo two > /srv/notes/file")
    web01.succeed("holdfast restore --yes --service notes tar latest")
    assert web01.succeed("cat /srv/notes/file").strip() == "one"
    web01.succeed("holdfast status")
  '';
}
