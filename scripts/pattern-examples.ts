// The table of docs/reference/patterns.md, which test/engines/patterns.test.ts tries on every engine.

/** The folder of the state in the examples. */
export const FOLDER = "/srv/app";

/** The files in it. */
export const PATHS: readonly string[] = [
	"keep",
	"a.tmp",
	"b.tmp",
	"notes/keep",
	"notes/c.tmp",
	"cache/keep",
	"cache/tmp/x",
	"notes/cache/tmp/x",
	"log.1",
	"log.22",
	"log.x",
	"log.ü",
	".hidden",
	"back\\slash",
	"star*",
	"starfish",
	"[draft]",
	"two words",
	"Übung",
	"\u0055\u0308bung",
	"!important",
];

export interface PatternExample {
	readonly pattern: string;
	/** What it leaves out, and all that is in it. */
	readonly leavesOut: readonly string[];
	readonly why: string;
}

export const EXAMPLES: readonly PatternExample[] = [
	{
		pattern: "*.tmp",
		leavesOut: ["a.tmp", "b.tmp", "notes/c.tmp"],
		why: "no slash: that name at any depth",
	},
	{ pattern: "keep", leavesOut: ["keep", "notes/keep", "cache/keep"], why: "the same" },
	{ pattern: "./keep", leavesOut: ["keep"], why: "`./`: in the folder itself only" },
	{ pattern: "cache", leavesOut: ["cache", "notes/cache"], why: "a folder and everything in it" },
	{ pattern: "cache/", leavesOut: ["cache", "notes/cache"], why: "a slash at the end makes no difference" },
	{ pattern: "cache/tmp", leavesOut: ["cache/tmp"], why: "a slash inside: a path from the folder down" },
	{ pattern: "cache/*", leavesOut: ["cache/keep", "cache/tmp"], why: "the folder stays, empty" },
	{ pattern: "cache/**", leavesOut: ["cache/keep", "cache/tmp"], why: "the same" },
	{ pattern: "*/cache", leavesOut: ["notes/cache"], why: "`*` never matches a slash, so just one folder" },
	{
		pattern: "**/cache/tmp",
		leavesOut: ["cache/tmp", "notes/cache/tmp"],
		why: "any number of folders, or none",
	},
	{ pattern: "notes/**/tmp", leavesOut: ["notes/cache/tmp"], why: "the same" },
	{ pattern: `${FOLDER}/keep`, leavesOut: ["keep"], why: "a slash in front: an absolute path" },
	{
		pattern: "/srv/*/notes/*.tmp",
		leavesOut: ["notes/c.tmp"],
		why: "in whichever folder of the state that is",
	},
	{ pattern: "/srv/other/keep", leavesOut: [], why: "not in a folder of the state: matches nothing" },
	{ pattern: "log.?", leavesOut: ["log.1", "log.x"], why: "any one ASCII character" },
	{ pattern: "log.?*", leavesOut: ["log.1", "log.22", "log.x"], why: "one ASCII character, then anything" },
	{ pattern: "log.*", leavesOut: ["log.1", "log.22", "log.x", "log.ü"], why: "anything" },
	{ pattern: "log.[0-9]", leavesOut: ["log.1"], why: "one of a set" },
	{ pattern: "log.[!0-9]", leavesOut: ["log.x"], why: "any one ASCII character that is not in the set" },
	{ pattern: "log.[^0-9]", leavesOut: ["log.x"], why: "the same" },
	{ pattern: ".*", leavesOut: [".hidden"], why: "a dot is a character like any other" },
	{ pattern: "*hidden", leavesOut: [".hidden"], why: "also for `*`" },
	{ pattern: "star*", leavesOut: ["star*", "starfish"], why: "" },
	{ pattern: "star\\*", leavesOut: ["star*"], why: "a backslash: the star itself" },
	{ pattern: "star[*]", leavesOut: ["star*"], why: "or as a set" },
	{ pattern: "back\\\\slash", leavesOut: ["back\\slash"], why: "" },
	{ pattern: "\\[draft]", leavesOut: ["[draft]"], why: "" },
	{ pattern: "\\!important", leavesOut: ["!important"], why: "" },
	{ pattern: "two words", leavesOut: ["two words"], why: "quotes in it would be part of the name" },
	{
		pattern: "Übung",
		leavesOut: ["Übung"],
		why: "compared byte by byte: not the one whose dots are a separate character",
	},
	{ pattern: "KEEP", leavesOut: [], why: "upper and lower case differ" },
	{ pattern: "{a,b}.tmp", leavesOut: [], why: "braces are characters like any other" },
];

/** What is refused, with the reason that is told. */
export const REFUSED: readonly string[] = [
	"",
	"../other",
	"notes/../keep",
	"cache**",
	"log.[0-9",
	"log.[9-0]",
	"log.[[:digit:]]",
	"log.[äö]",
	"back\\",
	"!keep",
	"sh:**/cache",
	"~/cache",
	"a/**/b/**/c/**/d/**/e",
	"line\nbreak",
];

/** What is refused for a state whose folder is FOLDER. */
export const REFUSED_THERE: readonly string[] = [
	"*",
	"**",
	"/",
	FOLDER,
	"/srv",
	`${FOLDER}/*`,
	"/srv/*",
	"/**/app",
	"**/*",
];
