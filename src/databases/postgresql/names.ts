// Names and texts as SQL and libpq want them written.

export function identifier(name: string): string {
	return `"${name.replaceAll('"', '""')}"`;
}

export function literal(text: string): string {
	return `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

/** A bare name with "=" or a URL's form would be read as more than a name (libpq, "Connection Strings"). */
export function conninfo(name: string): string {
	return `dbname='${name.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
