// WireGuard as configured with wg-quick.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { defineModule } from "../module.ts";

export const wireguard = defineModule({
	name: "wireguard",
	about: "WireGuard: the keys and peers of wg-quick's interfaces",
	sources: ["https://git.zx2c4.com/wireguard-tools/about/src/man/wg-quick.8"],
	options: v.strictObject({
		interfaces: v.pipe(
			v.optional(v.array(f.text), []),
			v.description("interfaces that a restore takes down and brings up again, such as wg0"),
		),
	}),
	yields: ({ interfaces }) => ({
		state: {
			wireguard: {
				folders: ["/etc/wireguard"],
				stopOnRestore: interfaces.map((name) => `wg-quick@${name}.service`),
				healthChecks: interfaces.map((name) => ({ command: ["wg", "show", name] })),
			},
		},
	}),
	signs: { folders: ["/etc/wireguard"] },
	proven: "stand-in",
});
