// A machine that runs the notes application next to an unrelated service, and what a test does with it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { blockOf } from "../docs/page.ts";
import { type Machine, machine } from "../machine/machine.ts";

/** The application's answers, as one text. */
export async function answerOf(web01: Machine): Promise<string> {
	return web01.sh(
		"curl -sS --fail --retry 20 --retry-delay 1 --retry-connrefused http://127.0.0.1:8080/notes",
	);
}

export async function addNote(web01: Machine, text: string): Promise<void> {
	await web01.sh("curl -sS --fail --data-binary @- http://127.0.0.1:8080/notes", { input: text });
}

/** Everything that would show that the other service was stopped or its folder touched. */
export async function otherService(web01: Machine): Promise<string> {
	return web01.sh(
		"systemctl show other.service -p ActiveState,InvocationID,ExecMainPID; stat -c '%n %i %Z' /srv/other /srv/other/*",
	);
}

export async function notesMachine(name = "web01"): Promise<Machine> {
	const web01 = await machine(name, { units: ["postgresql.service"] });
	await web01.write("/opt/notes/server.ts", readFileSync(join(import.meta.dirname, "notes-app.ts"), "utf8"));
	await web01.write("/etc/systemd/system/notes.service", unit("node /opt/notes/server.ts", "User=notes"));
	await web01.write("/etc/systemd/system/other.service", unit("sleep infinity"));
	await web01.sh(`
		useradd --system --user-group notes
		ln -sf /opt/holdfast/node_modules/node/bin/node /usr/local/bin/node
		ln -sf /opt/holdfast/bin/holdfast /usr/local/bin/holdfast
		mkdir -p /srv/notes/attachments /srv/other
		printf 'first picture' >'/srv/notes/attachments/a picture.jpg'
		printf 'untouched' >/srv/other/file
		chown -R notes:notes /srv/notes
		mkdir -p -m 0750 /var/backup/postgres/notes
		chgrp -R postgres /var/backup
		chmod g+rwx /var/backup/postgres /var/backup/postgres/notes
		until runuser -u postgres -- pg_isready -q; do sleep 0.2; done
		runuser -u postgres -- createuser notes
		runuser -u postgres -- createdb -O notes notes
		runuser -u notes -- psql -qd notes -c 'CREATE TABLE note (id serial PRIMARY KEY, text text NOT NULL)'
		systemctl start notes.service other.service
	`);
	await answerOf(web01);
	for (const note of ["buy milk", "quotes \"' and ünïcode", "$(rm -rf /)"]) await addNote(web01, note);
	return web01;
}

/** The declaration, with the database through hooks as in the blog post; `providers` is YAML, indented by six. */
export function declaration(providers: string): string {
	return `machines:
  web01:
    state:
      notes:
${blockOf("docs/how-to/databases.md", "pg_restore -C")}
        stopOnRestore: [notes.service]
        settle: 0
      other:
        folders: [/srv/other]
        stopOnRestore: [other.service]
        settle: 0
    providers:
${providers}`;
}

const unit = (command: string, extra = "") => `[Service]
ExecStart=/usr/bin/env ${command}
Environment=NODE_NO_WARNINGS=1
${extra}
`;
