// A parsed pattern of `exclude`, applied to one folder (patterns.ts).

/** Part of a name: literal text, any run of characters, or one ASCII character from these ranges of codes. */
export type Token = string | { readonly any: true } | { readonly one: readonly Range[] };
export type Range = readonly [from: number, to: number];

/** One name of a path; `**` matches any number of folders, including none, and is never the last part. */
export type Part = "**" | readonly Token[];

/** What is excluded below a folder: the names from that folder down. Excluding a folder excludes its content. */
export type Exclusion = readonly Part[];
