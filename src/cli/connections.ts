// Connections to machines that are not this one: for one question, for several, and for a run, through broken ones.
import { setTimeout as pause } from "node:timers/promises";
import type { Ended } from "../fleet/protocol.ts";
import { type Address, Connection } from "../fleet/ssh.ts";
import { ask, attach, ConnectionLost, operate, type Question } from "../fleet/there.ts";
import type { Listener } from "../run/event.ts";
import { newRunId } from "../run/run-id.ts";
import { HoldfastError } from "../values/error.ts";
import type { Target as Machine } from "./machines.ts";
import { insisted, untilUndoneThere } from "./signals.ts";

export interface Target extends Machine {
	/** One that stands already, for commands of several sessions; a session without it connects by itself. */
	readonly connection?: Connection | undefined;
}

/** Seconds before each try to reach a machine again whose connection broke in the middle of a run. */
const COME_BACK = [2, 5, 10, 15, 30];

export function addressOf({ manifest, sshConfig }: Target): Address {
	const { machine, host, deploy } = manifest;
	if (host === undefined)
		throw new HoldfastError("usage", `machine "${machine}" has no host: it is this one`);
	return { machine, host, sudo: deploy?.sudo ?? false, config: sshConfig };
}

/** Do some work over one connection, in as many sessions as it takes. */
export async function connected<T>(
	target: Target,
	signal: AbortSignal,
	work: (connection: Connection) => Promise<T>,
): Promise<T> {
	const connection = await Connection.open(addressOf(target), signal);
	try {
		return await work(connection);
	} finally {
		await connection.close();
	}
}

/** Connections that stand from one question to the next, for a command that asks again and again. Close them. */
export class Connections {
	readonly #connections = new Map<string, Connection>();

	/** Ask over the machine's connection, which is made where there is none; one that fails is made again next time. */
	async ask<T>(target: Target, signal: AbortSignal, question: (target: Target) => Promise<T>): Promise<T> {
		const { machine } = target.manifest;
		const connection = this.#connections.get(machine) ?? (await Connection.open(addressOf(target), signal));
		this.#connections.set(machine, connection);
		try {
			return await question({ ...target, connection });
		} catch (error) {
			this.#connections.delete(machine);
			await connection.close();
			throw error;
		}
	}

	async close(): Promise<void> {
		await Promise.all([...this.#connections.values()].map((connection) => connection.close()));
	}
}

const lineTo = (target: Target) => target.connection ?? Connection.forOne(addressOf(target));

/** Have a command print its answer there. */
export function askThere(target: Target, argv: readonly string[], question: Question) {
	return ask(lineTo(target), { argv, manifest: target.manifest }, question);
}

/** Run a command there to its end, through broken connections. */
export async function runThere(
	target: Target,
	argv: readonly string[],
	signal: AbortSignal,
	listener: Listener,
	remark: (line: string) => void,
): Promise<Ended> {
	const run = newRunId();
	let heard = 0;
	const hear: Listener = Object.assign(
		(event: Parameters<Listener>[0]) => {
			heard++;
			listener(event);
		},
		listener.ignoresProgress ? { ignoresProgress: true } : {},
	);
	const hearing = { signal, leave: insisted, listener: hear, remark };
	return untilUndoneThere(async () => {
		try {
			return await operate(lineTo(target), { argv, manifest: target.manifest, run }, hearing);
		} catch (error) {
			if (!(error instanceof ConnectionLost)) throw error;
			remark(error.message);
			// Its events are told from the first on: those that were heard are not said twice.
			let known = heard;
			const onwards: Listener = (event) => (known > 0 ? known-- : listener(event));
			const again = { ...target, connection: undefined };
			return comeBack(again, run, { ...hearing, listener: onwards }, error);
		}
	});
}

/** Hear of a run that is under way there, or how the last one went. */
export function attachThere(
	target: Target,
	run: string | undefined,
	hearing: Parameters<typeof attach>[2],
): Promise<Ended> {
	return attach(lineTo(target), run, hearing);
}

async function comeBack(
	target: Target,
	run: string,
	hearing: Parameters<typeof attach>[2],
	lost: ConnectionLost,
): Promise<Ended> {
	for (const seconds of COME_BACK) {
		await pause(seconds * 1000, undefined, { signal: hearing.signal }).catch(() => {});
		if (hearing.signal.aborted) break;
		try {
			const ended = await attachThere(target, run, hearing);
			hearing.remark("it is there again, and so is its run");
			return ended;
		} catch (error) {
			if (!(error instanceof HoldfastError)) throw error;
		}
	}
	throw lost;
}
