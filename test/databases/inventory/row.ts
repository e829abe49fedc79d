// One kind of thing that a database server knows: an object, an option of one, a property of a database, or an account.

export interface Row {
	/** As in the table of docs/explanation/databases.md. */
	readonly kind: string;
	/** Whether it is as before after a restore; `note`: the table says what differs, and `shows` asks for the
	 * rest; `refused`: such a database is not backed up. */
	readonly comes: "back" | "note" | "not" | "refused";
	/** The SQL that makes it, in the database `app`. */
	readonly make: string;
	/**
	 * A query in the database `app` that has an answer once the thing is made, in the session that made it. The answer must be the
	 * same after a restore; for `not`, there must be none on a new server, or an error that it does not exist.
	 */
	readonly shows: string;
	/** For `note`: a query that has an answer before, and none after a restore. */
	readonly lost?: string;
	/** For `not`: why the backup does not say it. Otherwise `said.create` is what it says. */
	readonly unsaid?: string;
	/** For `refused`: the SQL that removes it. */
	readonly undo?: string;
	/** Only on the same server: it depends on what an admin sets up. */
	readonly sameServer?: true;
	/** What the program says of it when it is backed up, and when it is restored on a new server. */
	readonly said?: { readonly create?: RegExp; readonly restore?: RegExp };
	/** The first version of the server that knows it. */
	readonly since?: number;
	/** The last version of the server that takes it. */
	readonly until?: number;
}
