// WireGuard as configured with wg-quick. Facts: wireguard-tools src/man/wg-quick.8; NixOS/nixpkgs
// nixos/modules/services/networking/{wg-quick,wireguard}.nix, which write the configuration into the store: only the keys
// are outside, where privateKeyFile, presharedKeyFile or configFile name them.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { defineModule } from "../module.ts";

export const wireguard = defineModule({
	name: "wireguard",
	about: "WireGuard: the keys and peers of wg-quick's interfaces, or the key files of NixOS",
	sources: [
		"https://git.zx2c4.com/wireguard-tools/about/src/man/wg-quick.8",
		"https://github.com/NixOS/nixpkgs/blob/master/nixos/modules/services/networking/wg-quick.nix",
	],
	options: v.strictObject({
		folders: v.pipe(
			v.optional(v.pipe(v.array(f.folder), v.minLength(1)), ["/etc/wireguard"]),
			v.description(
				"folders or files with keys and peers; on NixOS those of privateKeyFile and presharedKeyFile (default /etc/wireguard)",
			),
		),
		interfaces: v.pipe(
			v.optional(v.array(f.text), []),
			v.description("interfaces that a restore takes down and brings up again, such as wg0"),
		),
		by: v.pipe(
			v.optional(v.picklist(["wg-quick", "wireguard"]), "wg-quick"),
			v.description(
				"on NixOS, the option below `networking` that declares the interfaces (default wg-quick)",
			),
		),
	}),
	yields: ({ folders, interfaces, by }, { nixos }) => ({
		state: {
			wireguard: {
				folders,
				stopOnRestore: interfaces.map((name) =>
					nixos ? `${by}-${name}.service` : `wg-quick@${name}.service`,
				),
				healthChecks: interfaces.map((name) => ({ command: ["wg", "show", name] })),
			},
		},
	}),
	found({ units, nixos }) {
		const pattern = nixos ? /^(wg-quick|wireguard)-(.+)\.service$/ : /^(wg-quick)@(.+)\.service$/;
		const seen = units.flatMap((unit) => {
			const [, by, name = ""] = pattern.exec(unit) ?? [];
			// NixOS has units for the peers and the keys, too.
			return by === undefined || /-peer-|-key$/.test(name) ? [] : [{ by, name }];
		});
		if (seen.length === 0) return {};
		return {
			interfaces: seen.map(({ name }) => name),
			...(seen.some(({ by }) => by === "wireguard") ? { by: "wireguard" } : {}),
		};
	},
	signs: { folders: ["/etc/wireguard"] },
	proven: "stand-in",
});
