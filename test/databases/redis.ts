// A Redis or Valkey dataset, without and with its append-only file, which takes precedence over the dataset's file at
// startup.
import type { Machine } from "../machine/machine.ts";
import { fulfilsContract } from "./contract.ts";

/** `install` runs once on its machine, before its server is set up for the test. */
export function datasets(
	product: "Redis" | "Valkey",
	install: (web01: Machine) => Promise<unknown> = async () => {},
	skip?: string,
): void {
	const name = product.toLowerCase();
	const ask = (web01: Machine, ...words: string[]) => web01.sh(`${name}-cli ${words.join(" ")}`);
	for (const appendOnly of ["no", "yes"])
		fulfilsContract({
			skip,
			name: `${product} (append-only file: ${appendOnly})`,
			machine: `${name}-${appendOnly}`,
			// Everything is the same for both; differences show up here.
			brief: appendOnly === "no" || product === "Valkey",
			units: [`${name}-server.service`],
			stopOnRestore: [`${name}-server.service`],
			folders: [`/var/lib/${name}`],
			dump: { redis: `/var/lib/${name}/dump.rdb` },
			async prepare(web01) {
				await install(web01);
				await web01.sh(`
				systemctl stop ${name}-server
				sed -i 's/^appendonly .*/appendonly ${appendOnly}/' /etc/${name}/${name}.conf
				# A folder of the layer below cannot be renamed on an overlay filesystem, which this machine's root is.
				cp -a /var/lib/${name} /var/lib/new; rm -rf /var/lib/${name}; mv /var/lib/new /var/lib/${name}
				systemctl start ${name}-server
				until ${name}-cli ping >/dev/null 2>&1; do sleep 0.2; done
			`);
			},
			async fill(web01) {
				await web01.sh(
					`systemctl is-active -q ${name}-server || systemctl start ${name}-server; until ${name}-cli ping >/dev/null 2>&1; do sleep 0.2; done`,
				);
				await ask(web01, "flushall");
				await web01.sh(
					`for n in $(seq 500); do echo "set key:$n old$n"; done | ${name}-cli >/dev/null; ${name}-cli -n 3 set other db >/dev/null`,
				);
			},
			async change(web01) {
				await web01.sh(`${name}-cli del key:1 key:2; ${name}-cli set key:3 newer; ${name}-cli save`);
			},
			facts: async (web01) =>
				web01.sh(`
				until ${name}-cli ping >/dev/null 2>&1; do sleep 0.1; done
				${name}-cli dbsize; ${name}-cli mget key:1 key:3 key:500; ${name}-cli -n 3 get other
				${name}-cli config get appendonly; find /var/lib/${name} -not -user ${name}; systemctl is-active ${name}-server
			`),
			breakDown: async (web01) => void (await web01.sh(`systemctl stop ${name}-server`)),
			repair: async (web01) => void (await web01.sh(`systemctl start ${name}-server`)),
			rowsChanged: /Redis database .*dump\.rdb +keys +499 +501/,
		});
}
