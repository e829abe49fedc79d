// Quote names and texts for SQL and libpq. All SQL in this folder that contains outside text must be built with these
// functions.

export function identifier(name: string): string {
	return `"${name.replaceAll('"', '""')}"`;
}

/** The E'' form does not depend on how the server treats backslashes in plain strings. */
export function literal(text: string): string {
	return `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

/**
 * A bare name that contains "=" or looks like a URL would be parsed as a connection string (libpq, "Connection
 * Strings").
 */
export function conninfo(name: string): string {
	return `dbname='${name.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
