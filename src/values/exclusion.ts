// What is left out of a folder, parsed: what a pattern of `exclude` comes to (patterns.ts).

/** Inside a name: a text, any run of characters, or one ASCII character of these ranges of codes. */
export type Token = string | { readonly any: true } | { readonly one: readonly Range[] };
export type Range = readonly [from: number, to: number];

/** One name of a path; `**` matches any number of folders, including none, and is never the last part. */
export type Part = "**" | readonly Token[];

/** What is left out below a folder, as names from that folder down, and with each entry all that is in it. */
export type Exclusion = readonly Part[];
