// Redis, as Debian sets it up, and with its append-only file, which wins over the dataset's file at a start.
import type { Machine } from "../machine/machine.ts";
import { fulfilsContract } from "./contract.ts";

const ask = (web01: Machine, ...words: string[]) => web01.sh(`redis-cli ${words.join(" ")}`);

for (const appendOnly of ["no", "yes"])
	fulfilsContract({
		name: `Redis (append-only file: ${appendOnly})`,
		machine: `redis-${appendOnly}`,
		brief: appendOnly === "no",
		units: ["redis-server.service"],
		stopOnRestore: ["redis-server.service"],
		folders: ["/var/lib/redis"],
		dump: { redis: "/var/lib/redis/dump.rdb" },
		async prepare(web01) {
			await web01.sh(`
				systemctl stop redis-server
				sed -i 's/^appendonly .*/appendonly ${appendOnly}/' /etc/redis/redis.conf
				# A folder of the layer below cannot be renamed on an overlay filesystem, which this machine's root is.
				cp -a /var/lib/redis /var/lib/new; rm -rf /var/lib/redis; mv /var/lib/new /var/lib/redis
				systemctl start redis-server
				until redis-cli ping >/dev/null 2>&1; do sleep 0.2; done
			`);
		},
		async fill(web01) {
			await web01.sh(
				"systemctl is-active -q redis-server || systemctl start redis-server; until redis-cli ping >/dev/null 2>&1; do sleep 0.2; done",
			);
			await ask(web01, "flushall");
			await web01.sh(
				'for n in $(seq 500); do echo "set key:$n old$n"; done | redis-cli >/dev/null; redis-cli -n 3 set other db >/dev/null',
			);
		},
		async change(web01) {
			await web01.sh(`redis-cli del key:1 key:2; redis-cli set key:3 newer; redis-cli save`);
		},
		facts: async (web01) =>
			web01.sh(`
				until redis-cli ping >/dev/null 2>&1; do sleep 0.1; done
				redis-cli dbsize; redis-cli mget key:1 key:3 key:500; redis-cli -n 3 get other
				redis-cli config get appendonly; find /var/lib/redis -not -user redis; systemctl is-active redis-server
			`),
		breakDown: async (web01) => void (await web01.sh("systemctl stop redis-server")),
		mend: async (web01) => void (await web01.sh("systemctl start redis-server")),
		rowsChanged: /Redis database .*dump\.rdb +keys +499 +501/,
	});
