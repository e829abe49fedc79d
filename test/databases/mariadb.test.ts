// MariaDB, as Debian sets it up.
import { fulfilsContract } from "./contract.ts";
import { tablesAndAllAround } from "./mariadb.ts";

fulfilsContract(
	tablesAndAllAround("MariaDB", "mariadb", async (web01) => {
		await web01.sh("until mariadb-admin ping >/dev/null 2>&1; do sleep 0.2; done");
	}),
);
