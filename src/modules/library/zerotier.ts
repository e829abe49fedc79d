// ZeroTier. Facts: zerotier/ZeroTierOne service/README.md; NixOS/nixpkgs
// nixos/modules/services/networking/zerotierone.nix, which clan-core uses.
import * as v from "valibot";
import { defineModule } from "../module.ts";
import { folder } from "../options.ts";
import { within } from "../within.ts";

export const zerotier = defineModule({
	name: "zerotier",
	about: "ZeroTier: the node's identity, its networks, and the networks that it controls",
	sources: ["https://docs.zerotier.com/config/", "https://github.com/zerotier/ZeroTierOne/tree/dev/service"],
	options: v.strictObject({ dataDir: folder("/var/lib/zerotier-one", "its home folder") }),
	yields: ({ dataDir }, { nixos }) => ({
		state: {
			zerotier: {
				folders: [dataDir],
				// What ZeroTier learns about peers at run time, and files of the running process.
				exclude: within(dataDir, "peers.d", "zerotier-one.pid", "zerotier-one.port"),
				stopOnRestore: [nixos ? "zerotierone.service" : "zerotier-one.service"],
				// The service answers. Whether it is ONLINE depends on the internet, and a restore cannot change that.
				// As the owner: it sends what is in authtoken.secret, which may be a link, to the port in another file.
				healthChecks: [
					{
						script: "zerotier-cli info | grep '^200 info ' >/dev/null",
						asOwnerOf: dataDir,
						within: "60s",
					},
				],
			},
		},
	}),
	signs: { units: ["zerotier-one.service", "zerotierone.service"] },
	proven: "stand-in",
});
