// A line with 150 ms of delay each way, on which 3 of 100 chunks take a second longer, as when a packet is lost and
// sent again: node slow-line.ts PORT HOST PORT. The kernel's own netem is not available everywhere.
import { connect, createServer, type Socket } from "node:net";

const [own, host, port] = process.argv.slice(2);
const DELAY_MS = 150;
const LOST_MS = 1_000;
const LOST_SHARE = 0.03;

function delayed(from: Socket, to: Socket): void {
	let after = Promise.resolve();
	const later = (work: () => void, lost: boolean) => {
		const due = new Promise((resolve) => setTimeout(resolve, DELAY_MS + (lost ? LOST_MS : 0)));
		// In order, however long each took.
		after = after.then(async () => {
			await due;
			work();
		});
	};
	from.on("data", (piece) => later(() => to.write(piece), Math.random() < LOST_SHARE));
	from.on("end", () => later(() => to.end(), false));
	for (const socket of [from, to]) socket.on("error", () => to.destroy());
}

createServer((here) => {
	const there = connect(Number(port), host ?? "");
	delayed(here, there);
	delayed(there, here);
}).listen(Number(own), "127.0.0.1");
