// Names and texts as SQL and libpq want them written. All SQL of this folder that holds a word from elsewhere is made of
// these.

export function identifier(name: string): string {
	return `"${name.replaceAll('"', '""')}"`;
}

/** With "E", however the server reads backslashes otherwise. */
export function literal(text: string): string {
	return `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

/** A bare name with "=" or a URL's form would be read as more than a name (libpq, "Connection Strings"). */
export function conninfo(name: string): string {
	return `dbname='${name.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
