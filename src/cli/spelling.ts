// The name of a flag, as it is typed and as it is in the code.

/** `dryRun` as `dry-run`. */
export const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** `dry-run` as `dryRun`. */
export const camel = (name: string) => name.replace(/-[a-z]/g, (part) => part.slice(1).toUpperCase());
