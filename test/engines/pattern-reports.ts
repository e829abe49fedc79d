// What users of other tools have reported about their patterns: patterns.test.ts tries each on every engine.

export interface Report {
	/** Where it was reported. */
	readonly from: string;
	readonly pattern: string;
	/** Files below the state's folder. */
	readonly paths: readonly string[];
	readonly leavesOut: readonly string[];
}

export const REPORTS: readonly Report[] = [
	{
		from: "linuxmint/timeshift#407: names that begin with a bracket are stored all the same",
		pattern: "\\[test",
		paths: ["[test/hello", "]test/hello", "test/x"],
		leavesOut: ["[test"],
	},
	{
		from: "rclone/rclone#3692: brackets in the path of what is left out",
		pattern: "SUB2/\\[w] TII/**",
		paths: ["SUB2/[w] TII/a/b", "SUB2/w TII/a"],
		leavesOut: ["SUB2/[w] TII/a"],
	},
	{
		from: "rclone/rclone#4812: a backslash before a character that is not ASCII",
		pattern: "05 - L\\’Espérance\\.foo",
		paths: ["05 - L’Espérance.foo", "05 - LEspérance.foo"],
		leavesOut: ["05 - L’Espérance.foo"],
	},
	{
		from: "kopia/kopia#961: a star that is all of a name",
		pattern: "/srv/app/users/*/logs/",
		paths: ["users/user1/logs/some.log", "users/user1/www/index.html", "users/a/b/logs/x"],
		leavesOut: ["users/user1/logs"],
	},
	{
		from: "kopia/kopia#3573: a star that goes through slashes, and sets for both cases",
		pattern: "Data/*[cC][aA][cC][hH][eE]*/",
		paths: ["Data/Cache/a", "Data/My Cache Level1/a", "Data/Other/Cache/a", "Data/some"],
		leavesOut: ["Data/Cache", "Data/My Cache Level1"],
	},
	{
		from: "kopia/kopia#4053: only files directly in the folder are left out, not what lies deeper",
		pattern: "thesis/logs/*",
		paths: ["thesis/logs/a", "thesis/logs/deep/er/b", "thesis/x"],
		leavesOut: ["thesis/logs/a", "thesis/logs/deep"],
	},
	{
		from: "kopia/kopia#571: a folder at the top and not the ones of its name below",
		pattern: "./A/",
		paths: ["A/x", "B/A/x", "x"],
		leavesOut: ["A"],
	},
	{
		from: "restic/restic#2926: a path that matches at any depth",
		pattern: "a/b/c",
		paths: ["a/b/c/y", "x/a/b/c/y"],
		leavesOut: ["a/b/c"],
	},
	{
		from: "restic/restic#4329: two stars that are one folder",
		pattern: "level1/**/l4_file*",
		paths: ["level1/l4_file1", "level1/2/3/4/l4_file2", "level1/2/3/l3_file1"],
		leavesOut: ["level1/l4_file1", "level1/2/3/4/l4_file2"],
	},
	{
		from: "borgbase/vorta#1415: two stars at both ends have no effect",
		pattern: "**/.cache/**",
		paths: [".cache/a", "home/unfa/.cache/b/c", "home/unfa/cache/x"],
		leavesOut: [".cache/a", "home/unfa/.cache/b"],
	},
	{
		from: "borgbase/vorta#1842: a blank in a name",
		pattern: "**/Library/Application Support",
		paths: ["Library/Application Support/a", "u/Library/Application Support/a", "u/Library/Application/x"],
		leavesOut: ["Library/Application Support", "u/Library/Application Support"],
	},
	{
		from: "borgbackup/borg#2399: a name by its end alone",
		pattern: "*nobackup",
		paths: ["a-nobackup/x", "deep/er/nobackup/x", "nobackups/x"],
		leavesOut: ["a-nobackup", "deep/er/nobackup"],
	},
	{
		from: "bit-team/backintime#1419: sets and a question mark",
		pattern: "[Tt][Ee]?[Mm][Pp]",
		paths: ["a/Te-mp/x", "a/Temp/x", "TExMP"],
		leavesOut: ["a/Te-mp", "TExMP"],
	},
	{
		from: "elkarbackup/elkarbackup#95, rsnapshot/rsnapshot#139: quotes and blanks on the way to rsync",
		pattern: "public \"html'/x y",
		paths: ["public \"html'/x y/z", "public html/x y"],
		leavesOut: ["public \"html'/x y"],
	},
	{
		from: "clsync/clsync#42: a star in a name leaves out its neighbours",
		pattern: "/srv/app/a\\*/\\?",
		paths: ["a*/?", "a*/x", "ab/?"],
		leavesOut: ["a*/?"],
	},
	{
		from: "owncloud/client#4568: a line break in a name",
		pattern: "Icon?",
		paths: ["Icon\r", "Icon", "Icons/x"],
		leavesOut: ["Icon\r", "Icons"],
	},
];
