// A config of a fleet of any size: for tests that the time grows no faster than the config.

/** Machines with this many states each, one provider from a tag, and one of their own on a borg server. */
export function fleetConfig(machines: number, states: number): string {
	return [
		"tags:",
		"  web:",
		"    providers: { tar: { destinations: { disk: { path: /mnt/disk/holdfast } } } }",
		"machines:",
		"  vault: { host: root@vault, borgServer: {} }",
		...numbered(machines).flatMap((machine) => [
			`  web${machine}:`,
			`    host: root@web${machine}`,
			"    tags: [web]",
			"    providers:",
			"      borgbackup:",
			"        destinations: { vault: { server: vault } }",
			"        retention: { daily: 7, weekly: 4 }",
			"    state:",
			...numbered(states).flatMap((state) => [
				`      app${state}:`,
				`        folders: [/srv/app${state}]`,
				...(state % 4 === 0 ? ['        exclude: ["*.tmp", cache/*]'] : []),
				...(state % 4 === 1 ? ["        hooks: { preBackup: app-ctl export /srv/export }"] : []),
				...(state % 4 === 2 ? [`        dumps: [{ postgresql: app${state} }]`] : []),
				`        stopOnRestore: [app${state}]`,
				"        healthChecks: [{ http: http://127.0.0.1:8080/health, within: 1m }]",
			]),
		]),
		"",
	].join("\n");
}

const numbered = (count: number) => Array.from({ length: count }, (_, index) => index);
