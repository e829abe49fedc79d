// The application of the story: notes in PostgreSQL, attachments in a folder, served over HTTP. It speaks to the
// server through psql, so that it needs nothing beyond what the machine has.
//   GET /notes       the notes and the attachments' contents, as JSON
//   POST /notes      a new note
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";

const ATTACHMENTS = "/srv/notes/attachments";

async function psql(query: string, note = ""): Promise<string> {
	const words = ["-At", "-v", "ON_ERROR_STOP=1", "-v", `note=${note}`, "-d", "notes"];
	const child = promisify(execFile)("psql", words);
	child.child.stdin?.end(query);
	return (await child).stdout;
}

createServer(async (request, response) => {
	try {
		if (request.method === "POST")
			await psql("INSERT INTO note (text) VALUES (:'note')", await text(request));
		const notes = (await psql("SELECT text FROM note ORDER BY id")).trim().split("\n");
		const attachments = Object.fromEntries(
			readdirSync(ATTACHMENTS)
				.sort()
				.map((name) => [name, readFileSync(join(ATTACHMENTS, name), "utf8")]),
		);
		response.end(JSON.stringify({ notes, attachments }));
	} catch (error) {
		response.writeHead(500).end(String(error));
	}
}).listen(8080, "127.0.0.1");
