// ZeroTier. Facts: zerotier/ZeroTierOne service/README.md; NixOS/nixpkgs
// nixos/modules/services/networking/zerotierone.nix, which clan-core uses.
import * as v from "valibot";
import { asOwner } from "../as-owner.ts";
import { defineModule } from "../module.ts";
import { folder } from "../options.ts";
import { within } from "../within.ts";

/** It sends what is in authtoken.secret, which may be a link, to the port in another file. */
const INFO = asOwner("zerotier-cli info | grep -q '^200 info '");

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
				healthChecks: [{ command: ["sh", "-euc", INFO, "sh", dataDir], within: "60s" }],
			},
		},
	}),
	signs: { units: ["zerotier-one.service", "zerotierone.service"] },
	proven: "stand-in",
});
