// A systemd service with StateDirectory=, the setting in which a unit declares its state. Its sockets, paths and timers are
// stopped with it, and started again: they need not be named.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { record } from "../../values/record.ts";
import { defineModule } from "../module.ts";

export const systemdService = defineModule({
	name: "systemd-service",
	about: "Any systemd service with a StateDirectory=, also with DynamicUser=; stopped while it is copied",
	sources: [
		"https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#RuntimeDirectory=",
		"https://systemd.io/DYNAMIC_USERS/",
	],
	options: record(
		f.name,
		v.strictObject({
			unit: v.pipe(v.optional(f.unitName), v.description("the unit (default: the state's name)")),
			stateDirectory: v.pipe(
				v.optional(v.pipe(v.array(v.string()), v.minLength(1))),
				v.description("its StateDirectory=, below /var/lib (default: the state's name)"),
			),
			configurationDirectory: v.pipe(
				v.optional(v.array(v.string()), []),
				v.description("its ConfigurationDirectory=, below /etc"),
			),
			live: v.pipe(
				v.optional(v.boolean(), false),
				v.description("copy while it runs, because its files can be copied at any time (default false)"),
			),
		}),
	),
	yields: (options) => ({
		state: Object.fromEntries(
			Object.entries(options).map(
				([name, { unit = `${name}.service`, stateDirectory = [name], configurationDirectory, live }]) => [
					name,
					{
						// With DynamicUser= this is a symlink into /var/lib/private, which archives and restores follow.
						folders: [
							...stateDirectory.map((one) => `/var/lib/${one}`),
							...configurationDirectory.map((one) => `/etc/${one}`),
						],
						stopOnBackup: live ? [] : [unit],
						stopOnRestore: [unit],
					},
				],
			),
		),
	}),
	proven: "application",
});
