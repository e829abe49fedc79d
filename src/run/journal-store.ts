// Access to the journal's file: queries, and writes that are each a transaction with full sync.
import type { DatabaseSync } from "node:sqlite";
import { journalFault } from "./journal-file.ts";
import type { Row, Statement } from "./journal-rows.ts";

export type Value = string | number | null;

export class JournalStore {
	protected readonly folder: string;
	readonly #db: DatabaseSync;
	/** Written together with the next write. */
	readonly #soon: Statement[] = [];

	protected constructor(folder: string, db: DatabaseSync) {
		this.#db = db;
		this.folder = folder;
	}

	/** Every query. SQLite may report a damaged file only now. */
	protected all(question: string, ...values: readonly (string | number)[]): Row[] {
		return this.each(question, [values]).flat();
	}

	protected first(question: string, ...values: readonly (string | number)[]): Row | undefined {
		return this.all(question, ...values)[0];
	}

	/** The same query for each of these parameters; returns the rows of each. */
	protected each(question: string, some: readonly (readonly (string | number)[])[]): Row[][] {
		try {
			const prepared = this.#db.prepare(question);
			return some.map((values) => prepared.all(...values));
		} catch (cause) {
			throw journalFault("read", this.folder, cause);
		}
	}

	protected write(statement: string, values: readonly Value[]): void {
		try {
			if (this.#soon.length === 0) this.#db.prepare(statement).run(...values);
			else this.#together([...this.#soon, [statement, values]]);
			this.#soon.length = 0;
		} catch (cause) {
			if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
			throw journalFault("write", this.folder, cause);
		}
	}

	/** Write together with the next write: one sync for both. */
	protected writeSoon(statement: Statement): void {
		this.#soon.push(statement);
	}

	/** Write what may be lost to a full disk, because nothing depends on it. */
	protected writeIfRoom(statements: readonly Statement[]): void {
		try {
			this.#together(statements);
		} catch {
			if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
		}
	}

	[Symbol.dispose](): void {
		this.close();
	}

	close(): void {
		// Steps whose completion is lost count as begun: a recovery examines them again.
		if (this.#soon.length > 0) this.writeIfRoom(this.#soon.splice(0));
		this.#db.close();
	}

	#together(all: readonly Statement[]): void {
		this.#db.exec("BEGIN");
		for (const [statement, values] of all) this.#db.prepare(statement).run(...values);
		this.#db.exec("COMMIT");
	}
}
