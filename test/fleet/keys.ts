// An operator's machine whose key the others accept, and that knows their host keys.
import type { Machine } from "../machine/machine.ts";

export async function letIn(laptop: Machine, machines: readonly Machine[]): Promise<void> {
	const key = await laptop.sh(
		"mkdir -p -m 0700 /root/.ssh; rm -f /root/.ssh/*; ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519; cat /root/.ssh/id_ed25519.pub",
	);
	// Give each its own host key: by default all share this host's.
	for (const one of machines)
		await one.sh(
			`mkdir -p -m 0700 /root/.ssh; printf '%s\\n' '${key}' >/root/.ssh/authorized_keys; rm -f /etc/ssh/ssh_host_*; ssh-keygen -q -A; systemctl restart ssh`,
		);
	const names = machines.map(({ name }) => name).join(" ");
	await laptop.sh(`ssh-keyscan ${names} >/root/.ssh/known_hosts 2>/dev/null`);
}
