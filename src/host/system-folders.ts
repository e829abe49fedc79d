// Folders that are the system's (Filesystem Hierarchy Standard 3.0): whoever replaces one of them replaces everything in it.

const WHOLE = [
	...["/", "/etc", "/home", "/media", "/mnt", "/opt", "/root", "/srv", "/tmp", "/run", "/nix", "/nix/store"],
	...[
		"/usr",
		"/usr/local",
		"/var",
		"/var/cache",
		"/var/lib",
		"/var/log",
		"/var/mail",
		"/var/spool",
		"/var/tmp",
	],
];
/** And everything below. */
const TREES = [
	"/bin",
	"/boot",
	"/dev",
	"/lib",
	"/lib32",
	"/lib64",
	"/proc",
	"/sbin",
	"/sys",
	"/usr/bin",
	"/usr/lib",
	"/usr/sbin",
];

/** `path`: a real path. */
export function isSystemFolder(path: string): boolean {
	return WHOLE.includes(path) || TREES.some((tree) => path === tree || path.startsWith(`${tree}/`));
}
