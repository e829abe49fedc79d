// Paperless-ngx. Its documentation recommends stopping it during a backup, which may take long. Here the database is dumped
// first, so at worst a document that arrives meanwhile is a file without a database entry. To have both from the same
// moment: state: { paperless: { stopOnBackup: [...] } }.
import * as v from "valibot";
import { defineModule } from "../module.ts";
import { asks, database, databaseOf, folder, health, units } from "../options.ts";
import { within } from "../within.ts";

export const paperless = defineModule({
	name: "paperless",
	about: "Paperless-ngx: the original and the archived documents, and the database that indexes them",
	sources: ["https://docs.paperless-ngx.com/administration/#backup"],
	uses: ["postgresql", "mariadb"],
	options: v.strictObject({
		dataDir: folder("/var/lib/paperless", "the folder that contains its data and media"),
		database: database(
			{ type: "sqlite", name: "paperless" },
			{ type: "sqlite", file: "/var/lib/paperless/db.sqlite3" },
		),
		units: units([
			"paperless-web.service",
			"paperless-consumer.service",
			"paperless-scheduler.service",
			"paperless-task-queue.service",
		]),
		health: health("http://127.0.0.1:28981/accounts/login/"),
	}),
	yields({ dataDir, database, units, health }) {
		const { dumps, services } = databaseOf("paperless", database);
		return {
			state: {
				paperless: {
					folders: [dataDir],
					// The search index is rebuilt with: document_index reindex.
					// NixOS has these in the folder itself, upstream in a subfolder called data.
					exclude: ["", "data/"].flatMap((at) =>
						within(dataDir, `${at}index`, `${at}log/*.log`, `${at}celerybeat-schedule.db`),
					),
					dumps,
					stopOnRestore: units,
					healthChecks: asks(health),
				},
			},
			services,
		};
	},
	signs: { units: ["paperless-web.service"] },
	proven: "stand-in",
});
