// Names and texts as SQL wants them written, with the empty sql_mode that every session of ours has.

export function identifier(name: string): string {
	return `\`${name.replaceAll("`", "``")}\``;
}

export function literal(text: string): string {
	return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}
