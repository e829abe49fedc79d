// The journal's file as the rest of the journal asks it: questions, and writes of which each is a transaction with full sync.
import type { DatabaseSync } from "node:sqlite";
import { journalFault } from "./journal-file.ts";
import type { Row, Statement } from "./journal-rows.ts";

export type Value = string | number | null;

export class JournalStore {
	protected readonly folder: string;
	readonly #db: DatabaseSync;
	/** What goes with the next write. */
	readonly #soon: Statement[] = [];

	protected constructor(folder: string, db: DatabaseSync) {
		this.#db = db;
		this.folder = folder;
	}

	/** Every question: what SQLite says of a damaged file, it says only now. */
	protected all(question: string, ...values: readonly (string | number)[]): Row[] {
		return this.each(question, [values]).flat();
	}

	protected first(question: string, ...values: readonly (string | number)[]): Row | undefined {
		return this.all(question, ...values)[0];
	}

	/** The same question for each of these: the answers to each. */
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

	/** With the next write: one sync for both. */
	protected writeSoon(statement: Statement): void {
		this.#soon.push(statement);
	}

	/** What may be lost to a full disk: nothing of it counts. */
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
		// The steps of which that is lost count as begun: a recovery looks at them once more.
		if (this.#soon.length > 0) this.writeIfRoom(this.#soon.splice(0));
		this.#db.close();
	}

	#together(all: readonly Statement[]): void {
		this.#db.exec("BEGIN");
		for (const [statement, values] of all) this.#db.prepare(statement).run(...values);
		this.#db.exec("COMMIT");
	}
}
